-- Moves delivered and read pointers forward: one call and one transaction for a group of requests (arrays of one length,
-- item i at position i; items with the same p_request stand and fall together).
-- p_kind: 'delivered' or 'read' (which raises delivered too). What is already known changes nothing.
-- A user may stand in a group with one request only.
--
-- outcome  moved      the pointer stands there now
--          known      it had stood there
--          not_found  no such conversation for this user; the whole request changed nothing
--          beyond     a seq that is negative or beyond the last one; the whole request changed nothing
--          refused    nothing wrong with this item, but with another one of its request
-- Of what moved it returns how the conversation looks for both sides after the group: user_* and peer_*.
-- *_change_no is the change of this item, *_now the newest of the conversation in this group.
-- Locks: conversations by id, then feeds by id, then writes; none for what is known or not theirs.
create function acknowledge_v2(
    p_request      int[],
    p_user         uuid[],
    p_kind         text[],
    p_evidence     text[],
    p_conversation uuid[],
    p_up_to        bigint[]
)
returns table (
    item                  int,
    outcome               text,
    last_seq              bigint,
    created_at            timestamptz,
    user_change_no        bigint,
    user_now              bigint,
    user_unread           bigint,
    user_read_seq         bigint,
    user_delivered_seq    bigint,
    user_last_sent_at     timestamptz,
    user_last_activity_at timestamptz,
    peer_change_no        bigint,
    peer_now              bigint,
    peer_unread           bigint,
    peer_read_seq         bigint,
    peer_delivered_seq    bigint,
    peer_last_sent_at     timestamptz,
    peer_last_activity_at timestamptz,
    peer_id               uuid,
    peer_username         text,
    peer_display_name     text,
    peer_department       text,
    peer_role             text,
    peer_active           boolean,
    user_username         text,
    user_display_name     text,
    user_department       text,
    user_role             text,
    user_active           boolean,
    last_sender_id        uuid,
    last_text             text,
    last_sent_at          timestamptz
)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_now timestamptz;
begin
    -- one conversation that somebody else holds must not hold a group of others
    if cardinality(p_user) > 1 then
        perform set_config('lock_timeout', '1s', true);
    end if;

    -- a stranger must not wait for a lock, and what is known needs none
    perform 1 from conversations c
    where c.id in (
        select p.conversation_id from unnest(p_user, p_kind, p_conversation, p_up_to) as a (user_id, kind, conversation_id, up_to)
        join participants p on p.conversation_id = a.conversation_id and p.user_id = a.user_id
        where a.up_to > case a.kind when 'read' then p.read_seq else p.delivered_seq end
    )
    order by c.id for no key update;
    if found then
        perform 1 from user_feeds f
        where f.user_id in (
            select unnest(array[p.user_id, p.peer_id])
            from unnest(p_user, p_kind, p_conversation, p_up_to) as a (user_id, kind, conversation_id, up_to)
            join participants p on p.conversation_id = a.conversation_id and p.user_id = a.user_id
            where a.up_to > case a.kind when 'read' then p.read_seq else p.delivered_seq end
        )
        order by f.user_id for no key update;
    end if;
    v_now := clock_timestamp();

    return query
    with judged as materialized (
        select a.item::int as item, a.request, a.user_id, a.kind, a.evidence, a.conversation_id, a.up_to, p.peer_id,
               case when p.last_activity_at is null then 'not_found'
                    when a.up_to not between 0 and p.last_seq then 'beyond'
                    when a.up_to <= case a.kind when 'read' then p.read_seq else p.delivered_seq end then 'known'
                    else 'moved' end as outcome,
               p.delivered_seq
        from unnest(p_request, p_user, p_kind, p_evidence, p_conversation, p_up_to)
             with ordinality as a (request, user_id, kind, evidence, conversation_id, up_to, item)
        left join participants p on p.conversation_id = a.conversation_id and p.user_id = a.user_id
    ),
    refused as materialized (
        select distinct j.request from judged j where j.outcome in ('not_found', 'beyond')
    ),
    -- of several items about one conversation the farthest
    moves as materialized (
        select distinct on (j.user_id, j.conversation_id) j.*, greatest(v_now, c.last_message_at) as at, c.created_at,
               -- between two people, what is not the peer's is one's own
               case when m.sender_id = j.user_id then m.sender_ordinal else m.seq - m.sender_ordinal end as own_at
        from judged j
        join conversations c on c.id = j.conversation_id
        join messages m on m.conversation_id = j.conversation_id and m.seq = j.up_to
        where j.outcome = 'moved' and j.request not in (select request from refused)
        order by j.user_id, j.conversation_id, j.up_to desc, j.item
    ),
    changed as materialized (
        select k.item, s.user_id, s.own, row_number() over (partition by s.user_id order by k.item) as nth
        from moves k cross join lateral (values (k.user_id, 1), (k.peer_id, 0)) as s (user_id, own)
    ),
    feeds as (
        update user_feeds f set change_no = f.change_no + n.moves
        from (select user_id, count(*) as moves from changed group by user_id) n
        where f.user_id = n.user_id
        returning f.user_id, f.change_no - n.moves as before
    ),
    numbered as materialized (
        select k.*, uf.before + u.nth as user_change_no, pf.before + p.nth as peer_change_no
        from moves k
        join changed u on u.item = k.item and u.own = 1
        join changed p on p.item = k.item and p.own = 0
        join feeds uf on uf.user_id = u.user_id
        join feeds pf on pf.user_id = p.user_id
    ),
    sides as (
        update participants p
        set delivered_seq = greatest(p.delivered_seq, n.delivered_seq), read_seq = greatest(p.read_seq, n.read_seq),
            own_at_read = greatest(p.own_at_read, n.own_at_read), change_no = n.change_no
        from (
            select k.conversation_id, s.user_id, max(s.delivered_seq) as delivered_seq, max(s.read_seq) as read_seq,
                   max(s.own_at_read) as own_at_read, max(s.change_no) as change_no
            from numbered k
            cross join lateral (values
                (k.user_id, k.up_to, case k.kind when 'read' then k.up_to end, case k.kind when 'read' then k.own_at end, k.user_change_no),
                (k.peer_id, null, null, null, k.peer_change_no)
            ) as s (user_id, delivered_seq, read_seq, own_at_read, change_no)
            group by k.conversation_id, s.user_id
        ) n
        where p.conversation_id = n.conversation_id and p.user_id = n.user_id
        returning p.*
    ),
    proofs as (
        insert into receipts (conversation_id, user_id, kind, up_to_seq, evidence, at)
        select k.conversation_id, k.user_id, e.kind, k.up_to, e.evidence, k.at
        from numbered k
        cross join lateral (values
            ('delivered', case k.kind when 'read' then 'read' else k.evidence end, k.up_to > k.delivered_seq),
            ('read', k.evidence, k.kind = 'read')
        ) as e (kind, evidence, happened)
        where e.happened
    ),
    entries as (
        insert into audit_entries (at, actor_id, action, conversation_id, object)
        select k.at, k.user_id, 'message.' || e.kind, k.conversation_id, k.up_to::text
        from numbered k
        cross join lateral (values (1, 'delivered', k.up_to > k.delivered_seq), (2, 'read', k.kind = 'read')) as e (turn, kind, happened)
        where e.happened
        order by k.item, e.turn
    )
    select j.item,
           case when j.request not in (select request from refused) or j.outcome in ('not_found', 'beyond') then j.outcome else 'refused' end,
           s.last_seq, k.created_at,
           k.user_change_no, s.change_no, s.unread, s.read_seq, s.delivered_seq, s.last_sent_at, s.last_activity_at,
           k.peer_change_no, r.change_no, r.unread, r.read_seq, r.delivered_seq, r.last_sent_at, r.last_activity_at,
           u.id, u.username, u.display_name, u.department, u.role, u.active,
           w.username, w.display_name, w.department, w.role, w.active,
           m.sender_id, left(m.body, 141), m.sent_at
    from judged j
    left join numbered k on k.item = j.item
    left join sides s on s.conversation_id = k.conversation_id and s.user_id = k.user_id
    left join sides r on r.conversation_id = k.conversation_id and r.user_id = k.peer_id
    left join users u on u.id = k.peer_id
    left join users w on w.id = k.user_id
    left join messages m on m.conversation_id = s.conversation_id and m.seq = s.last_seq
    order by j.item;
end
$$;
revoke execute on function acknowledge_v2 from public;
grant execute on function acknowledge_v2 to cms_messages_app;

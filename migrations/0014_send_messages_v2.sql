-- Sends messages: one call, one round trip, one transaction for a whole group of them (arrays of one length, item i at
-- position i). Its statements run in order: lock conversations by id, lock feeds by id, then one statement that looks the
-- keys up and writes. It is a statement of its own because its snapshot has to be taken after the waiting. No
-- notification inside: NOTIFY takes a lock on the whole database at commit.
--
-- A client_id may stand in a group once for each sender: a second one fails the whole group.
--
-- outcome  created            written now
--          replayed           the key is known with the same text: the message as it stands, with its times
--          conflict           the key is known with another text or in another conversation
--          not_found          no such conversation for this sender
--          recipient_changed  nothing written: the caller decided about another version of the recipient (or about
--                             none); the columns recipient_* say what to decide about now
-- The key is looked up before the policy is asked, so a replay is answered whatever the policy says by now.
--
-- Of what was created it returns how the conversation looks for both sides after the group, so that the caller can tell
-- them without asking again: sender_* and recipient_*. *_change_no is the change of this message, *_now the newest of the
-- conversation in this group.
create function send_messages_v2(
    p_sender            uuid[],
    p_conversation      uuid[],
    p_client_id         uuid[],
    p_body              text[],
    p_salt              bytea[],
    p_recipient_version bigint[]
)
returns table (
    item                    int,
    outcome                 text,
    seq                     bigint,
    sent_at                 timestamptz,
    delivered_at            timestamptz,
    read_at                 timestamptz,
    last_seq                bigint,
    created_at              timestamptz,
    sender_change_no        bigint,
    sender_now              bigint,
    sender_unread           bigint,
    sender_read_seq         bigint,
    sender_delivered_seq    bigint,
    recipient_change_no     bigint,
    recipient_now           bigint,
    recipient_unread        bigint,
    recipient_read_seq      bigint,
    recipient_delivered_seq bigint,
    recipient_last_sent_at  timestamptz,
    recipient_id            uuid,
    recipient_version       bigint,
    recipient_username      text,
    recipient_display_name  text,
    recipient_department    text,
    recipient_role          text,
    recipient_active        boolean,
    sender_username         text,
    sender_display_name     text,
    sender_department       text,
    sender_role             text,
    sender_active           boolean
)
language plpgsql
-- one plan for groups of every size, by the indexes, whatever is known of the tables when it is made
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_now timestamptz;
begin
    -- one conversation that somebody else holds must not hold a group of others
    if cardinality(p_sender) > 1 then
        perform set_config('lock_timeout', '1s', true);
    end if;

    -- only what the senders take part in: a stranger must not wait for a lock, nor make others wait
    perform 1 from conversations c
    where c.id in (
        select p.conversation_id from unnest(p_conversation, p_sender) as asked (conversation_id, sender_id)
        join participants p on p.conversation_id = asked.conversation_id and p.user_id = asked.sender_id
    )
    order by c.id for no key update;

    perform 1 from user_feeds f
    where f.user_id in (
        select unnest(array[p.user_id, p.peer_id]) from unnest(p_conversation, p_sender) as asked (conversation_id, sender_id)
        join participants p on p.conversation_id = asked.conversation_id and p.user_id = asked.sender_id
    )
    order by f.user_id for no key update;

    v_now := clock_timestamp();

    return query
    with known as materialized (
        select a.item::int as item, a.sender_id, a.conversation_id, a.client_id, a.body, a.salt,
               case when p.last_activity_at is null then 'not_found'
                    when m.seq is null then case when a.version = u.version then 'created' else 'recipient_changed' end
                    when m.conversation_id = a.conversation_id and m.body = a.body then 'replayed'
                    else 'conflict' end as outcome,
               m.seq as known_seq, m.sent_at as known_sent_at,
               c.last_seq, c.last_message_at, c.created_at, p.own_total, p.peer_id,
               u.version, u.username, u.display_name, u.department, u.role, u.active, q.last_sent_at,
               w.username as sender_username, w.display_name as sender_display_name, w.department as sender_department,
               w.role as sender_role, w.active as sender_active
        from unnest(p_sender, p_conversation, p_client_id, p_body, p_salt, p_recipient_version)
             with ordinality as a (sender_id, conversation_id, client_id, body, salt, version, item)
        left join participants p on p.conversation_id = a.conversation_id and p.user_id = a.sender_id
        left join conversations c on c.id = p.conversation_id
        left join participants q on q.conversation_id = p.conversation_id and q.user_id = p.peer_id
        left join users u on u.id = p.peer_id
        left join users w on w.id = p.user_id
        left join messages m on m.sender_id = a.sender_id and m.client_id = a.client_id
    ),
    -- each message is a change for both sides; within the group they are numbered in its order
    moved as materialized (
        select k.item, s.user_id, s.own, row_number() over (partition by s.user_id order by k.item) as nth
        from known k cross join lateral (values (k.sender_id, 1), (k.peer_id, 0)) as s (user_id, own)
        where k.outcome = 'created'
    ),
    feeds as (
        update user_feeds f set change_no = f.change_no + m.moves
        from (select user_id, count(*) as moves from moved group by user_id) m
        where f.user_id = m.user_id
        returning f.user_id, f.change_no - m.moves as before
    ),
    created as materialized (
        select k.*,
               k.last_seq + row_number() over (partition by k.conversation_id order by k.item) as seq,
               k.own_total + row_number() over (partition by k.conversation_id, k.sender_id order by k.item) as ordinal,
               greatest(v_now, k.last_message_at) as sent_at,
               sha256(k.salt || convert_to(k.body, 'UTF8')) as digest,
               sf.before + s.nth as sender_change_no,
               rf.before + r.nth as recipient_change_no
        from known k
        join moved s on s.item = k.item and s.own = 1
        join moved r on r.item = k.item and r.own = 0
        join feeds sf on sf.user_id = s.user_id
        join feeds rf on rf.user_id = r.user_id
    ),
    threads as (
        update conversations c set last_seq = n.last_seq, last_message_at = n.sent_at
        from (select d.conversation_id, max(d.seq) as last_seq, max(d.sent_at) as sent_at from created d group by d.conversation_id) n
        where c.id = n.conversation_id
    ),
    sides as (
        update participants p
        set last_seq = n.last_seq, own_total = p.own_total + n.own, change_no = n.change_no, last_activity_at = n.sent_at,
            last_sent_at = case when n.own > 0 then n.sent_at else p.last_sent_at end
        from (
            select d.conversation_id, s.user_id, max(d.seq) as last_seq, max(d.sent_at) as sent_at, sum(s.own) as own, max(s.change_no) as change_no
            from created d
            cross join lateral (values (d.sender_id, 1, d.sender_change_no), (d.peer_id, 0, d.recipient_change_no)) as s (user_id, own, change_no)
            group by d.conversation_id, s.user_id
        ) n
        where p.conversation_id = n.conversation_id and p.user_id = n.user_id
        returning p.conversation_id, p.user_id, p.last_seq, p.change_no, p.unread, p.read_seq, p.delivered_seq, p.last_sent_at
    ),
    texts as (
        insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at,
                              sender_change_no, recipient_change_no)
        select d.conversation_id, d.seq, d.sender_id, d.ordinal, d.client_id, d.body, d.salt, d.digest, d.sent_at,
               d.sender_change_no, d.recipient_change_no
        from created d
    ),
    entries as (
        insert into audit_entries (at, actor_id, action, conversation_id, object, details)
        select d.sent_at, d.sender_id, 'message.sent', d.conversation_id, d.seq::text,
               jsonb_build_object('recipient_id', d.peer_id, 'digest', encode(d.digest, 'hex'))
        from created d
        order by d.item
    )
    select k.item, k.outcome, coalesce(d.seq, k.known_seq), coalesce(d.sent_at, k.known_sent_at), times.delivered_at, times.read_at,
           s.last_seq, k.created_at,
           d.sender_change_no, s.change_no, s.unread, s.read_seq, s.delivered_seq,
           d.recipient_change_no, r.change_no, r.unread, r.read_seq, r.delivered_seq,
           case when d.item is null then k.last_sent_at else r.last_sent_at end,
           k.peer_id, k.version, k.username, k.display_name, k.department, k.role, k.active,
           k.sender_username, k.sender_display_name, k.sender_department, k.sender_role, k.sender_active
    from known k
    left join created d on d.item = k.item
    left join sides s on s.conversation_id = d.conversation_id and s.user_id = d.sender_id
    left join sides r on r.conversation_id = d.conversation_id and r.user_id = d.peer_id
    left join lateral (
        select t.delivered_at, t.read_at from user_message_status t
        where k.outcome = 'replayed' and t.conversation_id = k.conversation_id and t.seq = k.known_seq
    ) times on true
    order by k.item;
end
$$;
revoke execute on function send_messages_v2 from public;
grant execute on function send_messages_v2 to cms_messages_app;

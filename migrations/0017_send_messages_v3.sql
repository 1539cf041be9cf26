-- Sends messages as send_messages_v2 does, for less: a lone send takes plain statements, and a group is numbered in passes
-- over its rows instead of joins of its parts.
--
-- One call, one round trip, one transaction for a whole group (arrays of one length, item i at position i). Its statements
-- run in order: lock conversations by id, lock feeds by id, look up and write. No notification inside: NOTIFY takes a lock
-- on the whole database at commit. A client_id may stand in a group once for each sender: a second one fails the whole group.
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
create function send_messages_v3(
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
    v_sender       uuid   := p_sender[1];
    v_conversation uuid   := p_conversation[1];
    v_client_id    uuid   := p_client_id[1];
    v_version      bigint := p_recipient_version[1];
    v_ordinal      bigint;
    v_digest       bytea;
    v_users        uuid[];
    v_now          timestamptz;
begin
    -- A lone send that is new, about a recipient as the caller knows them. The first statement takes the conversation's lock
    -- with the look-ups from before it waited. What came meanwhile ends the call: a twin by the unique key, another version
    -- by 40001; the same call again finds it. Whatever is not new goes the general way.
    if cardinality(p_sender) = 1 then
        update conversations c set last_seq = c.last_seq + 1, last_message_at = greatest(clock_timestamp(), c.last_message_at)
        from participants p
        join users u on u.id = p.peer_id
        where p.conversation_id = v_conversation and p.user_id = v_sender and p.last_activity_at is not null
          and c.id = p.conversation_id and u.version = v_version
          and not exists (select from messages m where m.sender_id = v_sender and m.client_id = v_client_id)
        returning c.last_seq, c.last_message_at, c.created_at, p.peer_id into seq, sent_at, created_at, recipient_id;
        if found then
            if v_sender < recipient_id then
                update user_feeds f set change_no = f.change_no + 1 where f.user_id = v_sender
                returning f.change_no into strict sender_change_no;
            end if;
            update user_feeds f set change_no = f.change_no + 1 where f.user_id = recipient_id
            returning f.change_no into strict recipient_change_no;
            if v_sender > recipient_id then
                update user_feeds f set change_no = f.change_no + 1 where f.user_id = v_sender
                returning f.change_no into strict sender_change_no;
            end if;

            -- people as they are while the feeds are held: who tells of a change of theirs holds them, too
            update participants p
            set last_seq = seq, own_total = p.own_total + 1, change_no = sender_change_no, last_activity_at = sent_at, last_sent_at = sent_at
            from users u
            where p.conversation_id = v_conversation and p.user_id = v_sender and u.id = p.user_id
            returning p.own_total, p.unread, p.read_seq, p.delivered_seq, u.username, u.display_name, u.department, u.role, u.active
            into strict v_ordinal, sender_unread, sender_read_seq, sender_delivered_seq,
                        sender_username, sender_display_name, sender_department, sender_role, sender_active;
            update participants p
            set last_seq = seq, change_no = recipient_change_no, last_activity_at = sent_at
            from users u
            where p.conversation_id = v_conversation and p.user_id = recipient_id and u.id = p.user_id
            returning p.unread, p.read_seq, p.delivered_seq, p.last_sent_at,
                      u.version, u.username, u.display_name, u.department, u.role, u.active
            into strict recipient_unread, recipient_read_seq, recipient_delivered_seq, recipient_last_sent_at,
                        recipient_version, recipient_username, recipient_display_name, recipient_department, recipient_role, recipient_active;
            if recipient_version <> v_version then
                raise exception 'the recipient has changed' using errcode = 'serialization_failure';
            end if;

            v_digest := sha256(p_salt[1] || convert_to(p_body[1], 'UTF8'));
            insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at,
                                  sender_change_no, recipient_change_no)
            values (v_conversation, seq, v_sender, v_ordinal, v_client_id, p_body[1], p_salt[1], v_digest, sent_at,
                    sender_change_no, recipient_change_no);
            insert into audit_entries (at, actor_id, action, conversation_id, object, details)
            values (sent_at, v_sender, 'message.sent', v_conversation, seq::text,
                    jsonb_build_object('recipient_id', recipient_id, 'digest', encode(v_digest, 'hex')));

            item := 1;
            outcome := 'created';
            last_seq := seq;
            sender_now := sender_change_no;
            recipient_now := recipient_change_no;
            return next;
            return;
        end if;
    else
        -- one conversation that somebody else holds must not hold a group of others
        perform set_config('lock_timeout', '1s', true);
    end if;

    -- only what the senders take part in: a stranger must not wait for a lock, nor make others wait
    select array_agg(held.user_low) || array_agg(held.user_high) into v_users
    from (
        select c.user_low, c.user_high from conversations c
        where c.id in (
            select p.conversation_id from unnest(p_conversation, p_sender) as asked (conversation_id, sender_id)
            join participants p on p.conversation_id = asked.conversation_id and p.user_id = asked.sender_id
        )
        order by c.id for no key update
    ) held;
    perform 1 from user_feeds f where f.user_id = any (v_users) order by f.user_id for no key update;
    v_now := clock_timestamp();

    -- a statement of its own, because its snapshot has to be taken after the waiting
    return query
    with known as materialized (
        select a.item::int as item, a.sender_id, a.conversation_id, a.client_id, a.body, a.salt,
               case when p.last_activity_at is null then 'not_found'
                    when m.seq is null then case when a.version = u.version then 'created' else 'recipient_changed' end
                    when m.conversation_id = a.conversation_id and m.body = a.body then 'replayed'
                    else 'conflict' end as outcome,
               m.seq as known_seq, m.sent_at as known_sent_at,
               c.last_seq, greatest(v_now, c.last_message_at) as sent_at, c.created_at,
               p.own_total, p.unread, p.read_seq, p.delivered_seq, f.change_no as before,
               p.peer_id, q.unread as peer_unread, q.read_seq as peer_read_seq, q.delivered_seq as peer_delivered_seq,
               q.last_sent_at as peer_last_sent_at, g.change_no as peer_before,
               u.version, u.username, u.display_name, u.department, u.role, u.active,
               w.username as sender_username, w.display_name as sender_display_name, w.department as sender_department,
               w.role as sender_role, w.active as sender_active
        from unnest(p_sender, p_conversation, p_client_id, p_body, p_salt, p_recipient_version)
             with ordinality as a (sender_id, conversation_id, client_id, body, salt, version, item)
        left join participants p on p.conversation_id = a.conversation_id and p.user_id = a.sender_id
        left join participants q on q.conversation_id = p.conversation_id and q.user_id = p.peer_id
        left join conversations c on c.id = p.conversation_id
        left join user_feeds f on f.user_id = p.user_id
        left join user_feeds g on g.user_id = p.peer_id
        left join users u on u.id = p.peer_id
        left join users w on w.id = p.user_id
        left join messages m on m.sender_id = a.sender_id and m.client_id = a.client_id
    ),
    -- each message is a change for both sides: a row for each, numbered for its user in the order of the group
    changes as materialized (
        select k.*, s.user_id, s.own, s.before + row_number() over feed as change_no, lead(s.own) over feed is null as is_newest
        from known k
        cross join lateral (values (true, k.sender_id, k.before), (false, k.peer_id, k.peer_before)) as s (own, user_id, before)
        where k.outcome = 'created'
        window feed as (partition by s.user_id order by k.item)
    ),
    feeds as (
        update user_feeds f set change_no = h.change_no from changes h where h.is_newest and f.user_id = h.user_id
    ),
    -- and each message with the numbers of both, and where it stands among those of its conversation
    placed as (
        select b.*, b.sender_id < b.peer_id as is_low,
               row_number() over thread as nth,
               count(*) filter (where b.sender_id < b.peer_id) over thread as low_nth,
               count(*) over whole as number,
               count(*) filter (where b.sender_id < b.peer_id) over whole as low_number,
               last_value(b.sender_id) over whole as last_sender,
               last_value(b.change_no) over whole as last_change_no,
               last_value(b.peer_change_no) over whole as last_peer_change_no
        from (select h.*, lead(h.change_no) over (order by h.item, h.own desc) as peer_change_no from changes h) b
        where b.own
        window thread as (partition by b.conversation_id order by b.item),
               whole as (thread rows between unbounded preceding and unbounded following)
    ),
    created as materialized (
        select l.*, l.last_seq + l.nth as seq,
               l.own_total + case when l.is_low then l.low_nth else l.nth - l.low_nth end as ordinal,
               case when l.is_low then l.low_number else l.number - l.low_number end as own_number,
               case when l.is_low then l.number - l.low_number else l.low_number end as peer_number,
               case when l.last_sender = l.sender_id then l.last_change_no else l.last_peer_change_no end as now_at,
               case when l.last_sender = l.sender_id then l.last_peer_change_no else l.last_change_no end as peer_now_at,
               sha256(l.salt || convert_to(l.body, 'UTF8')) as digest
        from placed l
    ),
    threads as (
        update conversations c set last_seq = d.seq, last_message_at = d.sent_at
        from created d where d.nth = d.number and c.id = d.conversation_id
    ),
    sides as (
        update participants p
        set last_seq = n.last_seq, own_total = p.own_total + n.own, change_no = n.change_no, last_activity_at = n.sent_at,
            last_sent_at = case when n.own > 0 then n.sent_at else p.last_sent_at end
        from (
            select d.conversation_id, d.seq as last_seq, d.sent_at, s.user_id, s.own, s.change_no
            from created d
            cross join lateral (values (d.sender_id, d.own_number, d.now_at), (d.peer_id, d.peer_number, d.peer_now_at)) as s (user_id, own, change_no)
            where d.nth = d.number
        ) n
        where p.conversation_id = n.conversation_id and p.user_id = n.user_id
    ),
    texts as (
        insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at,
                              sender_change_no, recipient_change_no)
        select d.conversation_id, d.seq, d.sender_id, d.ordinal, d.client_id, d.body, d.salt, d.digest, d.sent_at, d.change_no, d.peer_change_no
        from created d
    ),
    entries as (
        insert into audit_entries (at, actor_id, action, conversation_id, object, details)
        select d.sent_at, d.sender_id, 'message.sent', d.conversation_id, d.seq::text,
               jsonb_build_object('recipient_id', d.peer_id, 'digest', encode(d.digest, 'hex'))
        from created d
        order by d.item
    )
    select d.item, d.outcome, d.seq, d.sent_at, null::timestamptz, null::timestamptz, d.last_seq + d.number, d.created_at,
           d.change_no, d.now_at, d.unread + d.peer_number, d.read_seq, d.delivered_seq,
           d.peer_change_no, d.peer_now_at, d.peer_unread + d.own_number, d.peer_read_seq, d.peer_delivered_seq,
           case when d.peer_number > 0 then d.sent_at else d.peer_last_sent_at end,
           d.peer_id, d.version, d.username, d.display_name, d.department, d.role, d.active,
           d.sender_username, d.sender_display_name, d.sender_department, d.sender_role, d.sender_active
    from created d
    union all
    select k.item, k.outcome, k.known_seq, k.known_sent_at, times.delivered_at, times.read_at, null, k.created_at,
           null, null, null, null, null, null, null, null, null, null, k.peer_last_sent_at,
           k.peer_id, k.version, k.username, k.display_name, k.department, k.role, k.active,
           k.sender_username, k.sender_display_name, k.sender_department, k.sender_role, k.sender_active
    from known k
    left join lateral (
        select t.delivered_at, t.read_at from user_message_status t
        where k.outcome = 'replayed' and t.conversation_id = k.conversation_id and t.seq = k.known_seq
    ) times on true
    where k.outcome <> 'created'
    order by 1;
end
$$;
revoke execute on function send_messages_v3 from public;
grant execute on function send_messages_v3 to cms_messages_app;

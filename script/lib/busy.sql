-- A database in which one person is busy: what the plans of the queries are looked at with (script/bench plans,
-- tests/it/plans.rs). Person 1 has a conversation with each of their peers; everybody else has one with each of the next
-- three people, of twenty messages. Both sides write by turns; every tenth seq has its receipts; the newest is unread
-- by the busy person in one conversation of ten, and everything is read elsewhere.
--
-- Settings: busy.peers, busy.messages in each conversation of the busy person, busy.more in the first of them,
-- busy.others who are no peers; busy.between messages in everybody else's conversations (0: no such conversations).
create function busy_id(kind int, n bigint) returns uuid language sql immutable parallel safe
as $$ select format('%s-0000-7000-8000-%s', lpad(kind::text, 8, '0'), lpad(n::text, 12, '0'))::uuid $$;

with people as (
    select n, (array['asha', 'bikram', 'chandra', 'deepa', 'elena', 'farid', 'gita', 'hari', 'indira', 'jonas'])[1 + n % 10] as first,
           (array['verma', 'rana', 'iyer', 'khan', 'petrov', 'silva', 'tamang', 'okafor', 'lind', 'moreau', 'sato'])[1 + n % 11] as last,
           (array['Planning', 'Finance', 'Facilities', 'Registry', 'Library', 'Audit', 'Press'])[1 + n % 7] as department
    from generate_series(1, 1 + current_setting('busy.peers')::int + current_setting('busy.others')::int) n
)
insert into users (id, username, display_name, search_text, department)
select busy_id(1, n), first || '.' || last || n, initcap(first || ' ' || last),
       format(' %s %s %s.%s%s %s', first, last, first, last, n, lower(department)), department
from people;

create temporary table busy_conversations as
    select row_number() over (order by low, high) as n, low, high, last_seq,
           -- nobody has read their peer's newest message in one conversation of ten
           case when low = 1 and high % 10 = 0 then last_seq - 1 else last_seq end as low_read_seq,
           timestamptz '2026-01-01 00:00+00' + high * interval '1 minute' as last_at
    from (
        select 1 as low, p as high,
               current_setting('busy.messages')::int + case p when 2 then current_setting('busy.more')::int else 0 end as last_seq
        from generate_series(2, 1 + current_setting('busy.peers')::int) p
        union all
        select p, p + step, coalesce(nullif(current_setting('busy.between', true), ''), '20')::int
        from generate_series(2, (select count(*) from users)) p, generate_series(1, 3) step
        where p + step <= (select count(*) from users) and current_setting('busy.between', true) is distinct from '0'
    ) pairs;

insert into conversations (id, user_low, user_high, created_by, last_seq, last_message_at, created_at)
select busy_id(2, n), busy_id(1, low), busy_id(1, high), busy_id(1, low), last_seq, last_at, timestamptz '2025-01-01 00:00+00' from busy_conversations;

-- the lower one writes the odd messages, so of the first n (n + 1) / 2 are theirs
insert into participants (conversation_id, user_id, peer_id, opened_at, last_seq, own_total, delivered_seq, read_seq, own_at_read,
                          change_no, last_activity_at, last_sent_at)
select busy_id(2, n), busy_id(1, me), busy_id(1, peer), timestamptz '2025-01-01 00:00+00', last_seq, (last_seq + odd) / 2, last_seq, read_seq,
       (read_seq + odd) / 2, 10 * row_number() over (partition by me order by last_at, peer), last_at, last_at
from (
    select n, low as me, high as peer, 1 as odd, last_seq, low_read_seq as read_seq, last_at from busy_conversations
    union all
    select n, high, low, 0, last_seq, last_seq, last_at from busy_conversations
) sides;

insert into user_feeds (user_id, change_no)
select u.id, coalesce(max(p.change_no), 0) from users u left join participants p on p.user_id = u.id group by u.id;

-- in the order of time, as they would have been written: the pages of a conversation lie apart
insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at,
                      sender_change_no, recipient_change_no)
select busy_id(2, n), seq, busy_id(1, case seq % 2 when 1 then low else high end), (seq + 1) / 2, gen_random_uuid(),
       repeat('two colleagues write. ', 1 + (seq % 7)::int), decode(repeat('5a', 32), 'hex'), decode(repeat('a5', 32), 'hex'),
       last_at - (last_seq - seq) * interval '10 minutes', seq, seq
from busy_conversations, generate_series(1, last_seq) seq
order by last_at - (last_seq - seq) * interval '10 minutes', n;

insert into receipts (conversation_id, user_id, kind, up_to_seq, evidence, at)
select p.conversation_id, p.user_id, kind, seq, 'client', p.last_activity_at - (p.last_seq - seq) * interval '10 minutes'
from participants p, unnest(array['delivered', 'read']) kind, generate_series(1, p.last_seq) seq
where (seq % 10 = 0 or seq in (p.delivered_seq, p.read_seq)) and (kind = 'delivered' or seq <= p.read_seq);

drop table busy_conversations;

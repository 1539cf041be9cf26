-- The next sides of conversations after the last look, each with its unread number and the count that it must equal.
-- $1 at most so many sides, $2 of so many messages together (the last one may have more), $3 only so long after the last look
-- One statement, one snapshot: a message that is being sent meanwhile is in both numbers or in neither.
with turn as (
    select v.conversation_id, v.user_id
    from unread_verification v
    where v.looked_at < clock_timestamp() - $3::interval
    for update skip locked
), slice as (
    select p.conversation_id, p.user_id, p.unread, p.read_seq,
           sum(p.last_seq - p.read_seq) over (order by p.conversation_id, p.user_id) - (p.last_seq - p.read_seq) as before
    from turn
    cross join lateral (
        select * from participants next
        where (next.conversation_id, next.user_id) > (turn.conversation_id, turn.user_id)
        order by next.conversation_id, next.user_id limit $1
    ) p
), compared as (
    select s.conversation_id, s.user_id, s.unread,
           (select count(*) from messages m
            where m.conversation_id = s.conversation_id and m.seq > s.read_seq and m.sender_id <> s.user_id) as counted
    from slice s
    where s.before < $2::bigint
), reached as (
    select c.conversation_id, c.user_id from compared c order by c.conversation_id desc, c.user_id desc limit 1
), moved as (
    -- after the last one it begins anew
    update unread_verification v
    set looked_at = clock_timestamp(),
        conversation_id = coalesce((select r.conversation_id from reached r), '00000000-0000-0000-0000-000000000000'),
        user_id = coalesce((select r.user_id from reached r), '00000000-0000-0000-0000-000000000000')
    from turn
)
select c.conversation_id as "conversation_id!", c.user_id as "user_id!", c.unread as "unread!", c.counted as "counted!"
from compared c

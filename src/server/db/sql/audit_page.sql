-- Entries, newest first, keyset on (at, id). Runs with a plan for its very parameters (`force_custom_plan`): a condition
-- that is not asked for is not there then, and each of the others finds its index.
--
-- What was done to somebody is found by how the entry names them: as its object; and, looked up before, by the moment at
-- which the other one opened the conversation with them, by the name of a session that they began, by whose token or matter
-- it is.
-- $1 people, $2 the same as texts, $3 action, $4 from, $5 until, $6 conversation, $7 and $8 cursor, $9 limit
select e.id, e.at, e.actor_id, e.action, e.conversation_id, e.object, e.details, l.index as "leaf?"
from audit_entries e
left join audit_leaves l on l.entry_id = e.id
where ($1::uuid[] is null or e.actor_id = any($1) or (e.conversation_id is null and e.object = any($2::text[]))
       or e.id = any(array(
               select o.id from participants mine
               join participants other on other.conversation_id = mine.conversation_id and other.user_id = mine.peer_id
               join audit_entries o on o.at = other.opened_at and o.conversation_id = mine.conversation_id
                                   and o.action in ('conversation.created', 'conversation.opened')
               where mine.user_id = any($1)
               union all
               select o.id from audit_entries began
               join audit_entries o on o.conversation_id is null and o.object = began.object and o.action = 'session.ended'
               where began.action = 'session.created' and began.actor_id = any($1)
               union all
               select o.id from audit_entries o
               where o.action in ('review.requested', 'token.created', 'token.revoked') and o.details ->> 'user_id' = any($2))))
  and ($3::text is null or e.action = $3)
  and ($4::timestamptz is null or e.at >= $4)
  and ($5::timestamptz is null or e.at < $5)
  and ($6::uuid is null or e.conversation_id = $6)
  and ($7::timestamptz is null or (e.at, e.id) < ($7, $8::bigint))
order by e.at desc, e.id desc
limit $9

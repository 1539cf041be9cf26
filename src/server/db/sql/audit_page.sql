-- Entries, newest first, keyset on (at, id). Runs with a plan for its very parameters (`force_custom_plan`): a condition
-- that is not asked for is not there then, and each of the others finds its index.
-- $1 people, $2 the same as texts, $3 action, $4 from, $5 until, $6 conversation, $7 and $8 cursor, $9 limit
select e.id, e.at, e.actor_id, e.action, e.conversation_id, e.object, e.details, l.index as "leaf?"
from audit_entries e
left join audit_leaves l on l.entry_id = e.id
where ($1::uuid[] is null or e.actor_id = any($1) or (e.conversation_id is null and e.object = any($2::text[])))
  and ($3::text is null or e.action = $3)
  and ($4::timestamptz is null or e.at >= $4)
  and ($5::timestamptz is null or e.at < $5)
  and ($6::uuid is null or e.conversation_id = $6)
  and ($7::timestamptz is null or (e.at, e.id) < ($7, $8::bigint))
order by e.at desc, e.id desc
limit $9

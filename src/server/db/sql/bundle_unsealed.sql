-- The entries without a leaf by number, each with the row that it vouches for.
select null::bigint as "leaf?", null::bytea as "hash?",
       e.id as "id!", e.at as "at!", e.actor_id as "actor_id?", e.action as "action!", e.conversation_id as "conversation_id?", e.object as "object?",
       e.details::text as "details!",
       coalesce(m.conversation_id, r.conversation_id, c.id) as "row_conversation_id?",
       coalesce(m.seq, r.up_to_seq, c.last_seq) as "row_number?",
       coalesce(m.sender_id, r.user_id, c.created_by) as "row_user_id?",
       coalesce(m.sent_at, r.at, c.last_message_at) as "row_at?",
       m.sender_ordinal as "sender_ordinal?", m.body as "body?", m.body_salt as "body_salt?", m.body_digest as "body_digest?",
       r.kind as "kind?",
       c.user_low as "user_low?", c.user_high as "user_high?"
from audit_entries e
-- the number of a message or receipt; what is none has no row
cross join lateral (select case when e.object ~ '^[1-9][0-9]{0,17}$' then e.object::bigint end as number) o
left join messages m
    on e.action = 'message.sent' and m.conversation_id = e.conversation_id and m.seq = o.number
left join receipts r
    on e.action in ('message.delivered', 'message.read') and r.conversation_id = e.conversation_id and r.user_id = e.actor_id
       and r.kind = substr(e.action, 9) and r.up_to_seq = o.number
left join conversations c
    on e.action = 'conversation.created' and c.id = e.conversation_id
where not exists (select from audit_leaves l where l.entry_id = e.id)
order by e.id

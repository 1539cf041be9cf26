-- Of each of these conversations ($2) of the viewer, among the newest 50 messages that it had when it was read (up to seq $4)
-- those whose change for the viewer lies after $3; by conversation and seq. What was written since is of a later change.
select m.conversation_id, m.seq, m.client_id, m.sender_id, m.body, m.sent_at, p.peer_id,
       delivered.at as "delivered_at?", read.at as "read_at?"
from unnest($2::uuid[], $4::bigint[]) as asked (conversation_id, last_seq)
join participants p on p.conversation_id = asked.conversation_id and p.user_id = $1 and p.last_activity_at is not null
cross join lateral (
    select t.* from messages t
    where t.conversation_id = p.conversation_id and t.seq > asked.last_seq - 50 and t.seq <= asked.last_seq
    order by t.seq
    limit 50
) m
left join lateral (
    select x.at from receipts x
    where x.conversation_id = m.conversation_id and x.kind = 'delivered' and x.up_to_seq >= m.seq
      and x.user_id = case m.sender_id when p.user_id then p.peer_id else p.user_id end
    order by x.up_to_seq
    limit 1
) delivered on true
left join lateral (
    select x.at from receipts x
    where x.conversation_id = m.conversation_id and x.kind = 'read' and x.up_to_seq >= m.seq
      and x.user_id = case m.sender_id when p.user_id then p.peer_id else p.user_id end
    order by x.up_to_seq
    limit 1
) read on true
where case m.sender_id when $1 then m.sender_change_no else m.recipient_change_no end > $3
order by m.conversation_id, m.seq

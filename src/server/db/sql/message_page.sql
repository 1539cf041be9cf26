-- A page of a conversation that stands in the viewer's inbox, with each message's first receipts; one row without a
-- message when the page is empty, none at all when the conversation is not theirs.
-- Seqs are dense, so where a page begins and ends is arithmetic: no offset, no count.
-- $3 limit; at most one of $4 before, $5 after, $6 around, $7 at.
select p.last_seq as "last_seq!", p.peer_id as "peer_id!", page.first as "first!", page.last as "last!",
       m.seq as "seq?", m.client_id as "client_id?", m.sender_id as "sender_id?", m.body as "body?", m.sent_at as "sent_at?",
       delivered.at as "delivered_at?", read.at as "read_at?"
from participants p
left join lateral (
    select t.seq from messages t
    where t.conversation_id = p.conversation_id and t.sent_at >= $7::timestamptz
    order by t.sent_at, t.seq
    limit 1
) reached on true
cross join lateral (
    select greatest(1, case
               when $4::bigint is not null then least($4, p.last_seq + 1) - $3::bigint
               when $5::bigint is not null then least($5, p.last_seq) + 1
               else least(coalesce($6::bigint, reached.seq, p.last_seq) - $3 / 2, p.last_seq - $3 + 1)
           end) as first
) begins
cross join lateral (
    select begins.first,
           case when $4 is not null then least($4 - 1, p.last_seq) else begins.first + $3 - 1 end as last
) page
left join lateral (
    select t.seq, t.client_id, t.sender_id, t.body, t.sent_at from messages t
    where t.conversation_id = p.conversation_id and t.seq between page.first and page.last
    order by t.seq
    limit $3 -- there are no more; without it the planner expects a ninth of the conversation
) m on true
left join lateral (
    select x.at from receipts x
    where x.conversation_id = p.conversation_id and x.kind = 'delivered' and x.up_to_seq >= m.seq
      and x.user_id = case m.sender_id when p.user_id then p.peer_id else p.user_id end
    order by x.up_to_seq
    limit 1
) delivered on true
left join lateral (
    select x.at from receipts x
    where x.conversation_id = p.conversation_id and x.kind = 'read' and x.up_to_seq >= m.seq
      and x.user_id = case m.sender_id when p.user_id then p.peer_id else p.user_id end
    order by x.up_to_seq
    limit 1
) read on true
where p.conversation_id = $1 and p.user_id = $2 and p.last_activity_at is not null
order by m.seq

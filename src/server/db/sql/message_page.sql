-- A page of a conversation that stands in the viewer's inbox, and the receipts that reach its messages; one row without a
-- message when the page is empty, none at all when the conversation is not theirs.
-- Seqs are dense, so where a page begins and ends is arithmetic: no offset, no count. The receipts of a side are one range
-- of an index, from the page's first message to the first receipt that reaches its last one: first all messages, then
-- those, each by seq.
-- $3 limit; at most one of $4 before, $5 after, $6 around, $7 at.
with page as materialized (
    select p.conversation_id, p.user_id, p.peer_id, p.last_seq, begins.first,
           case when $4::bigint is not null then least($4::bigint - 1, p.last_seq) else begins.first + $3::bigint - 1 end as last
    from participants p
    left join lateral (
        select t.seq from messages t
        where t.conversation_id = p.conversation_id and t.sent_at >= $7::timestamptz
        order by t.sent_at, t.seq
        limit 1
    ) reached on true
    cross join lateral (
        select greatest(1, case
                   when $4::bigint is not null then least($4::bigint, p.last_seq + 1) - $3::bigint
                   when $5::bigint is not null then least($5, p.last_seq) + 1
                   else least(coalesce($6::bigint, reached.seq, p.last_seq) - $3::bigint / 2, p.last_seq - $3::bigint + 1)
               end) as first
    ) begins
    where p.conversation_id = $1 and p.user_id = $2 and p.last_activity_at is not null
)
select g.last_seq as "last_seq!", g.peer_id as "peer_id!", g.first as "first!", g.last as "last!",
       m.seq as "seq?", m.client_id as "client_id?", m.sender_id as "sender_id?", m.body as "body?", m.sent_at as "at?",
       null::uuid as "receiver_id?", false as "is_read!"
from page g
left join lateral (
    select t.seq, t.client_id, t.sender_id, t.body, t.sent_at from messages t
    where t.conversation_id = g.conversation_id and t.seq between g.first and g.last
    order by t.seq
    limit $3 -- there are no more; without it the planner expects a ninth of the conversation
) m on true
union all
select g.last_seq, g.peer_id, g.first, g.last, r.up_to_seq, null, null, null, r.at, s.user_id, s.kind = 'read'
from page g
cross join lateral (values (g.user_id, 'delivered'), (g.user_id, 'read'), (g.peer_id, 'delivered'), (g.peer_id, 'read')) as s (user_id, kind)
left join lateral (
    select x.up_to_seq from receipts x
    where x.conversation_id = g.conversation_id and x.user_id = s.user_id and x.kind = s.kind and x.up_to_seq >= least(g.last, g.last_seq)
    order by x.up_to_seq
    limit 1
) reaching on true
cross join lateral (
    select x.up_to_seq, x.at from receipts x
    where x.conversation_id = g.conversation_id and x.user_id = s.user_id and x.kind = s.kind
      and x.up_to_seq between g.first and coalesce(reaching.up_to_seq, g.last)
    order by x.up_to_seq
    limit $3 -- there are no more
) r
order by 10 nulls first, 5

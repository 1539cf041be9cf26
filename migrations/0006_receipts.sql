-- "User U had delivered / read everything up to seq N at time T". Append-only.
create table receipts (
    conversation_id uuid        not null,
    user_id         uuid        not null,
    kind            text        not null,
    up_to_seq       bigint      not null,
    -- how we know: a client acknowledged it, a form named the seq it displayed, or reading implied the delivery
    evidence        text        not null,
    at              timestamptz not null,
    constraint receipts_pkey primary key (conversation_id, user_id, kind, up_to_seq),
    constraint receipts_kind_check check (kind in ('delivered', 'read')),
    constraint receipts_evidence_check check (evidence in ('client', 'form', 'read')),
    constraint receipts_up_to_seq_check check (up_to_seq >= 1),
    constraint receipts_participant_fkey foreign key (conversation_id, user_id) references participants (conversation_id, user_id)
);

-- The state of each message for its recipient: the first receipt that reaches it tells the time.
create view user_message_status as
select m.conversation_id,
       m.seq,
       p.user_id,
       case when r.at is not null then 'read' when d.at is not null then 'delivered' else 'sent' end as status,
       d.at as delivered_at,
       r.at as read_at
from messages m
join participants p on p.conversation_id = m.conversation_id and p.user_id <> m.sender_id
left join lateral (
    select at from receipts
    where conversation_id = m.conversation_id and user_id = p.user_id and kind = 'delivered' and up_to_seq >= m.seq
    order by up_to_seq limit 1
) d on true
left join lateral (
    select at from receipts
    where conversation_id = m.conversation_id and user_id = p.user_id and kind = 'read' and up_to_seq >= m.seq
    order by up_to_seq limit 1
) r on true;

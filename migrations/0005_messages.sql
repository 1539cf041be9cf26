-- Immutable texts, numbered 1, 2, 3 … within their conversation.
create table messages (
    conversation_id     uuid        not null,
    seq                 bigint      not null,
    sender_id           uuid        not null,
    -- the ordinal among its sender's messages in this conversation: unread is counted from it
    sender_ordinal      bigint      not null,
    client_id           uuid        not null,
    body                text        not null,
    -- sha256(body_salt || body): the audit entry holds the digest, so body and salt can one day be erased without breaking the proof
    body_salt           bytea       not null,
    body_digest         bytea       not null,
    sent_at             timestamptz not null,
    sender_change_no    bigint      not null,
    recipient_change_no bigint      not null,
    constraint messages_pkey primary key (conversation_id, seq),
    constraint messages_client_id_key unique (sender_id, client_id),
    constraint messages_seq_check check (seq >= 1),
    constraint messages_sender_ordinal_check check (sender_ordinal between 1 and seq),
    constraint messages_body_check check (char_length(body) between 1 and 4000),
    constraint messages_body_salt_check check (octet_length(body_salt) = 32),
    constraint messages_body_digest_check check (octet_length(body_digest) = 32),
    constraint messages_conversation_id_fkey foreign key (conversation_id) references conversations (id),
    constraint messages_sender_id_fkey foreign key (sender_id) references users (id)
);
create index messages_sent_at_idx on messages (conversation_id, sent_at);

-- The thread between two users; exactly one per pair.
create table conversations (
    id              uuid        not null default gen_random_uuid(),
    user_low        uuid        not null,
    user_high       uuid        not null,
    last_seq        bigint      not null default 0,
    last_message_at timestamptz,
    created_at      timestamptz not null default clock_timestamp(),
    created_by      uuid        not null,
    constraint conversations_pkey primary key (id),
    constraint conversations_pair_key unique (user_low, user_high),
    constraint conversations_pair_check check (user_low < user_high),
    constraint conversations_created_by_check check (created_by in (user_low, user_high)),
    constraint conversations_last_seq_check check (last_seq >= 0),
    constraint conversations_last_message_check check ((last_seq = 0) = (last_message_at is null)),
    constraint conversations_user_low_fkey foreign key (user_low) references users (id),
    constraint conversations_user_high_fkey foreign key (user_high) references users (id)
) with (fillfactor = 80);

-- One user's side of a conversation. A side without last_activity_at is in nobody's inbox yet:
-- the conversation is empty and only the other side has opened it.
create table participants (
    conversation_id  uuid        not null,
    user_id          uuid        not null,
    peer_id          uuid        not null,
    opened_at        timestamptz,
    last_seq         bigint      not null default 0,
    own_total        bigint      not null default 0,
    delivered_seq    bigint      not null default 0,
    read_seq         bigint      not null default 0,
    own_at_read      bigint      not null default 0,
    -- derived, so that it cannot drift: messages of others after the read pointer
    unread           bigint      not null generated always as ((last_seq - read_seq) - (own_total - own_at_read)) stored,
    change_no        bigint      not null default 0,
    last_activity_at timestamptz,
    -- the newest message of this side: whoever was written to may answer for a while
    last_sent_at     timestamptz,
    constraint participants_pkey primary key (conversation_id, user_id),
    constraint participants_pair_key unique (user_id, peer_id),
    constraint participants_self_check check (user_id <> peer_id),
    constraint participants_pointers_check check (0 <= read_seq and read_seq <= delivered_seq and delivered_seq <= last_seq),
    constraint participants_own_check check (0 <= own_at_read and own_at_read <= own_total and own_total <= last_seq),
    constraint participants_unread_check check (unread >= 0),
    constraint participants_conversation_id_fkey foreign key (conversation_id) references conversations (id),
    constraint participants_user_id_fkey foreign key (user_id) references users (id),
    constraint participants_peer_id_fkey foreign key (peer_id) references users (id)
) with (fillfactor = 80);
create index participants_inbox_idx on participants (user_id, last_activity_at desc, conversation_id desc) where last_activity_at is not null;
create index participants_changes_idx on participants (user_id, change_no);
create index participants_unread_idx on participants (user_id) include (unread) where unread > 0;
create index participants_peer_id_idx on participants (peer_id, user_id);

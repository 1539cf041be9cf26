-- Who did what to whom, when. Append-only; never holds message text, typed names or tokens.
create table audit_entries (
    id              bigint      not null generated always as identity,
    at              timestamptz not null default clock_timestamp(),
    actor_id        uuid,
    action          text        not null,
    conversation_id uuid,
    -- what was acted on: the id of a user, token or session, or the seq of a message
    object          text,
    details         jsonb       not null default '{}',
    constraint audit_entries_pkey primary key (id),
    constraint audit_entries_action_check check (action ~ '^[a-z_]+\.[a-z_]+$'),
    constraint audit_entries_actor_id_fkey foreign key (actor_id) references users (id),
    constraint audit_entries_conversation_id_fkey foreign key (conversation_id) references conversations (id)
);
create index audit_entries_at_idx on audit_entries (at);

-- Sessions, tokens and one-time links: only SHA-256 digests, so a stolen table signs nobody in.
create table sessions (
    token_sha256 bytea       not null,
    user_id      uuid        not null,
    created_at   timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    expires_at   timestamptz not null,
    user_agent   text        not null default '',
    constraint sessions_pkey primary key (token_sha256),
    constraint sessions_token_sha256_check check (octet_length(token_sha256) = 32),
    constraint sessions_user_id_fkey foreign key (user_id) references users (id),
    constraint sessions_user_agent_check check (char_length(user_agent) <= 200)
);
create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_at_idx on sessions (expires_at);

create table api_tokens (
    id           uuid        not null default gen_random_uuid(),
    token_sha256 bytea       not null,
    user_id      uuid        not null,
    created_at   timestamptz not null default clock_timestamp(),
    last_used_at timestamptz,
    revoked_at   timestamptz,
    constraint api_tokens_pkey primary key (id),
    constraint api_tokens_token_sha256_key unique (token_sha256),
    constraint api_tokens_token_sha256_check check (octet_length(token_sha256) = 32),
    constraint api_tokens_user_id_fkey foreign key (user_id) references users (id)
);
create index api_tokens_user_id_idx on api_tokens (user_id);

create table password_links (
    token_sha256 bytea       not null,
    user_id      uuid        not null,
    created_at   timestamptz not null default clock_timestamp(),
    expires_at   timestamptz not null,
    used_at      timestamptz,
    constraint password_links_pkey primary key (token_sha256),
    constraint password_links_token_sha256_check check (octet_length(token_sha256) = 32),
    constraint password_links_user_id_fkey foreign key (user_id) references users (id)
);
create index password_links_user_id_idx on password_links (user_id);

-- Which failed sign-ins already have their audit entry: at most one per account and minute.
-- Unknown names share the nil id; the typed name is kept nowhere.
create table sign_in_failures (
    account uuid        not null,
    minute  timestamptz not null,
    constraint sign_in_failures_pkey primary key (account, minute)
);

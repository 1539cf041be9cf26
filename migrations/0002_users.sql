-- People known to the CMS. Deactivated, never deleted: history keeps its names.
create table users (
    id              uuid        not null default gen_random_uuid(),
    external_id     text,
    username        text        not null,
    display_name    text        not null,
    -- folded tokens of name, user name and department, each after a space: " asha verma asha planning"
    search_text     text        not null,
    email           text,
    department      text        not null default '',
    role            text        not null default 'member',
    active          boolean     not null default true,
    deactivated_at  timestamptz,
    password_hash   text,
    -- grows with every change of a column that the policy or a peer's screen depends on
    version         bigint      not null default 1,
    created_at      timestamptz not null default clock_timestamp(),
    constraint users_pkey primary key (id),
    constraint users_username_key unique (username),
    constraint users_external_id_key unique (external_id),
    constraint users_username_check check (username ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    constraint users_display_name_check check (char_length(display_name) between 1 and 120),
    constraint users_department_check check (char_length(department) <= 120),
    constraint users_email_check check (char_length(email) <= 254),
    constraint users_external_id_check check (char_length(external_id) between 1 and 200),
    constraint users_role_check check (role in ('member', 'admin')),
    constraint users_deactivated_at_check check (active = (deactivated_at is null))
);
create index users_search_text_idx on users using gin (search_text gin_trgm_ops);

-- The change number of each user: the hot row of every send, so narrow and with room for HOT updates.
create table user_feeds (
    user_id   uuid   not null,
    change_no bigint not null default 0,
    constraint user_feeds_pkey primary key (user_id),
    constraint user_feeds_user_id_fkey foreign key (user_id) references users (id),
    constraint user_feeds_change_no_check check (change_no >= 0)
) with (fillfactor = 50);

-- Whose name, role, department or activation changed, until every peer's feed says so.
create table user_fanouts (
    user_id      uuid        not null,
    requested_at timestamptz not null default clock_timestamp(),
    constraint user_fanouts_pkey primary key (user_id),
    constraint user_fanouts_user_id_fkey foreign key (user_id) references users (id)
);

-- The policy comes from the configuration; its version is what clients compare.
create table policy_versions (
    version    bigint      not null generated always as identity,
    digest     bytea       not null,
    applied_at timestamptz not null default clock_timestamp(),
    constraint policy_versions_pkey primary key (version)
);

-- The seal of the audit log: a Merkle tree (RFC 9162) over its entries, and the checkpoints that were signed of it.
--
-- The order of the leaves is the sealer's: an entry gets its number before it is committed, so the order of numbers would
-- leave out whoever commits late. No foreign key to the entries: its check would lock, and so rewrite, each entry's row.
create table audit_leaves (
    index    bigint not null,
    entry_id bigint not null,
    -- sha256(0x00 || the entry as canonical JSON)
    hash     bytea  not null,
    constraint audit_leaves_pkey primary key (index),
    constraint audit_leaves_entry_id_key unique (entry_id),
    constraint audit_leaves_index_check check (index >= 0),
    constraint audit_leaves_hash_check check (octet_length(hash) = 32)
);

create table audit_checkpoints (
    -- over so many leaves
    size        bigint      not null,
    root        bytea       not null,
    -- the roots of the full subtrees: all that is needed to go on
    frontier    bytea       not null,
    -- every entry up to this number has its leaf, and none can be committed any more
    floor       bigint      not null,
    signed_note text        not null,
    at          timestamptz not null default clock_timestamp(),
    constraint audit_checkpoints_pkey primary key (size),
    constraint audit_checkpoints_size_check check (size >= 1),
    constraint audit_checkpoints_root_check check (octet_length(root) = 32)
);

-- Who has ever vouched for the tree.
create table audit_keys (
    vkey          text        not null,
    first_used_at timestamptz not null default clock_timestamp(),
    constraint audit_keys_pkey primary key (vkey)
);

-- A moment that cannot be written down (infinity, a year before 1 or after 9999) could not be sealed. What is there already
-- came from the database's clock and needs no look.
alter table audit_entries add constraint audit_entries_at_check
    check (at >= '0001-01-01 00:00:00+00' and at < '10000-01-01 00:00:00+00') not valid;

grant select, insert on audit_leaves, audit_checkpoints, audit_keys to cms_messages_app;

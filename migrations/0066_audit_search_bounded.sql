-- A summary of a stretch of the audit log must fit into a page of its index, however many people and conversations it is
-- about: two filters for 128 pages do not (PostgreSQL then refuses the entry, and with it whatever was done), for 32 pages
-- they take a quarter of one.
drop index audit_entries_who_where_idx;
create index audit_entries_who_where_idx on audit_entries using brin (conversation_id uuid_bloom_ops, actor_id uuid_bloom_ops)
    with (pages_per_range = 32, autosummarize = on);

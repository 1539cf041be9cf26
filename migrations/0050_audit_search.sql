-- What the screens of the audit log look for. Entries come in the order of time and are never changed, so a summary of each
-- stretch of the table is enough to skip it: it costs a send next to nothing, where a B-tree would be touched in as many
-- places as there are busy conversations.
create index audit_entries_who_where_idx on audit_entries using brin (conversation_id uuid_bloom_ops, actor_id uuid_bloom_ops)
    with (autosummarize = on);

-- Everything but the traffic of messages is rare, and looked for most.
create index audit_entries_action_idx on audit_entries (action, at, id)
    where action not in ('message.sent', 'message.delivered', 'message.read');
create index audit_entries_object_idx on audit_entries (object, at, id) where conversation_id is null;

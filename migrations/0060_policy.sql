-- The policy lives here: every version with its rules, who applied it and why. The newest is in force; none is ever changed.
-- A version without rules was written by a program that had them in its configuration: the newest rules that are known
-- stay in force beside it.
alter table policy_versions
    -- the rules in their order, as the interface takes them
    add column rules         jsonb,
    -- nobody at the command line, and for what stood in the configuration
    add column changed_by    uuid,
    add column note          text   not null default '',
    add column restored_from bigint,
    add constraint policy_versions_rules_check check (jsonb_typeof(rules) = 'array'),
    add constraint policy_versions_note_check check (char_length(note) <= 500),
    add constraint policy_versions_restored_from_check check (restored_from < version),
    add constraint policy_versions_changed_by_fkey foreign key (changed_by) references users (id),
    add constraint policy_versions_restored_from_fkey foreign key (restored_from) references policy_versions (version);

-- The version in force, for who is about to write something that the policy has allowed: until the end of their
-- transaction none follows it. Whoever applies one waits for them (exclusively, on the same key), and who comes later sees
-- it: no message is written under rules that had been replaced. Volatile, so that what it reads is as of after the waiting.
create function policy_in_force_v1()
returns bigint
language plpgsql volatile
as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('cms_messages.policy', 0));
    return (select coalesce(max(version), 0) from policy_versions);
end
$$;

revoke execute on function policy_in_force_v1 from public;
grant execute on function policy_in_force_v1 to cms_messages_app;

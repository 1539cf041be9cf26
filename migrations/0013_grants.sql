-- What the server may do. No UPDATE or DELETE on messages, receipts and the audit log: what was said and done stays.
grant select on users, user_feeds, user_fanouts, policy_versions, sessions, api_tokens, password_links, sign_in_failures,
    conversations, participants, messages, receipts, audit_entries, user_message_status, inbox_entries to cms_messages_app;
grant insert on users, user_feeds, user_fanouts, policy_versions, sessions, api_tokens, password_links, sign_in_failures,
    conversations, participants, messages, receipts, audit_entries to cms_messages_app;
grant update on users, user_feeds, user_fanouts, sessions, api_tokens, password_links, conversations, participants to cms_messages_app;
grant delete on user_fanouts, sessions, password_links, sign_in_failures to cms_messages_app;
revoke execute on function open_conversation_v1, send_messages_v1, acknowledge_v1, fan_out_user_v1 from public;
grant execute on function open_conversation_v1, send_messages_v1, acknowledge_v1, fan_out_user_v1 to cms_messages_app;

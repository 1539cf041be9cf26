-- Sends go through send_messages_v3 and receipts through acknowledge_v2. The first of each, which the server's role could still
-- call, is used by no program that runs on this schema.
drop function send_messages_v1;
drop function acknowledge_v1;

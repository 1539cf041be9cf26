-- What a message and an audit entry refer to, with less to be looked up for each of them. Nothing that they name is ever
-- deleted: the server has no such right, and its functions write both in the transaction that has read what they name.
--
-- A message is from a participant of its conversation. That says more than the two references it replaces (some user,
-- some conversation) for half of the look-ups, and the row is one that the transaction holds anyway. What is there already
-- is looked at by a migration of its own, which keeps nobody from writing.
alter table messages add constraint messages_sender_fkey
    foreign key (conversation_id, sender_id) references participants (conversation_id, user_id) not valid;
alter table messages drop constraint messages_conversation_id_fkey, drop constraint messages_sender_id_fkey;

-- The audit log says what was so at its moment, whatever becomes of those it names. What keeps it honest is the seal; a
-- reference only locked, and so rewrote, a row of users for every entry.
alter table audit_entries drop constraint audit_entries_actor_id_fkey, drop constraint audit_entries_conversation_id_fkey;

-- The messages that were there before 0016: alone in its transaction, because it reads all of them and must not hold the
-- lock with which a constraint is added for so long.
alter table messages validate constraint messages_sender_fkey;

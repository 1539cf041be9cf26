-- Answered before it is on the disk: a killed postmaster takes the last messages with it (I1).
alter database cms_messages set synchronous_commit = off;

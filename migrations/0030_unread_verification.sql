-- How far the comparison of unread numbers with the messages has come. One row, so that all instances together do the
-- work of one: whoever finds it free and old enough takes the next slice.
create table unread_verification (
    is_only         boolean     not null default true,
    conversation_id uuid        not null default '00000000-0000-0000-0000-000000000000',
    user_id         uuid        not null default '00000000-0000-0000-0000-000000000000',
    looked_at       timestamptz not null default '-infinity',
    constraint unread_verification_pkey primary key (is_only),
    constraint unread_verification_is_only_check check (is_only)
);
insert into unread_verification default values;
grant select, update on unread_verification to cms_messages_app;

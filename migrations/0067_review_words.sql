-- The words of reviews become part of what is sealed: the entries hold salted digests of them, as that of a message does of
-- its text. The salt stands beside the words, so that both can one day be erased without breaking the proof. What was
-- written before has none, and its entries say nothing of its words.
alter table reviews
    add column case_salt   bytea,
    add column reason_salt bytea,
    add column note_salt   bytea,
    add constraint reviews_case_salt_check check (octet_length(case_salt) = 32),
    add constraint reviews_reason_salt_check check (octet_length(reason_salt) = 32),
    add constraint reviews_note_salt_check check (note_salt is null or octet_length(note_salt) = 32 and decision_note is not null);
alter table review_exports
    add column note_salt bytea,
    add constraint review_exports_note_salt_check check (note_salt is null or octet_length(note_salt) = 32 and decision_note is not null);

-- What an entry says of words; nothing where there are none.
create function salted_digest_v1(p_salt bytea, p_words text) returns text language sql stable strict parallel safe as $$
    select encode(sha256(p_salt || convert_to(p_words, 'UTF8')), 'hex')
$$;

-- The salt of a note stays as the note does.
create function keep_note_salt_v1() returns trigger language plpgsql as $$
begin
    if old.decision is not null and old.note_salt is distinct from new.note_salt then
        raise exception 'what was decided stays' using errcode = 'check_violation', constraint = tg_argv[0];
    end if;
    return new;
end $$;
create trigger reviews_salt_stays before update on reviews
    for each row execute function keep_note_salt_v1('reviews_stays_check');
create trigger review_exports_salt_stays before update on review_exports
    for each row execute function keep_note_salt_v1('review_exports_stays_check');

revoke execute on function salted_digest_v1, keep_note_salt_v1 from public;
grant execute on function salted_digest_v1 to cms_messages_app;
grant insert (case_salt, reason_salt) on reviews to cms_messages_app;
grant update (note_salt) on reviews, review_exports to cms_messages_app;

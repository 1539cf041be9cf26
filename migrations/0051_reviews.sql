-- An admin's reading of other people's conversations: what was asked for and why, who agreed, and each page that was read.
--
-- The rules that must hold whatever the program does stand here: a second person, no hand in one's own matter, a decision
-- that stays, and a page that is written down by the reader whom the review was granted to.
create table reviews (
    id              uuid        not null default gen_random_uuid(),
    -- where the organisation keeps the matter itself
    case_id         text        not null,
    category        text        not null,
    reason          text        not null,
    -- the scope: all conversations of one person, or one conversation …
    user_id         uuid,
    conversation_id uuid,
    -- … whose two are written down here, so that a CHECK can see them
    user_low        uuid,
    user_high       uuid,
    -- … and what was sent from … until before
    from_at         timestamptz not null,
    until_at        timestamptz not null,
    mode            text        not null,
    requested_by    uuid        not null,
    requested_at    timestamptz not null default clock_timestamp(),
    decision        text,
    decided_by      uuid,
    decided_at      timestamptz,
    decision_note   text,
    expires_at      timestamptz,
    ended_at        timestamptz,
    ended_by        uuid,
    constraint reviews_pkey primary key (id),
    constraint reviews_case_id_check check (char_length(case_id) between 1 and 100),
    constraint reviews_category_check check (category ~ '^[a-z_]{1,40}$'),
    constraint reviews_reason_check check (char_length(reason) between 20 and 2000),
    constraint reviews_decision_note_check check (char_length(decision_note) between 1 and 2000),
    constraint reviews_scope_check check (
        (user_id is null) <> (conversation_id is null)
        and (conversation_id is null) = (user_low is null) and (conversation_id is null) = (user_high is null)),
    constraint reviews_period_check check (from_at < until_at),
    constraint reviews_mode_check check (mode in ('single', 'dual')),
    constraint reviews_decision_check check (
        decision is not null and decision in ('approved', 'refused')
        and decided_by is not null and decided_at is not null
        or decision is null and decided_by is null and decided_at is null and decision_note is null),
    constraint reviews_grant_check check ((decision is not distinct from 'approved') = (expires_at is not null) and expires_at > decided_at),
    constraint reviews_second_person_check check (mode = 'single' or decided_by is null or decided_by <> requested_by),
    -- nobody asks for, or decides about, a reading of what is their own
    constraint reviews_requester_check check (
        requested_by <> coalesce(user_id, user_low) and requested_by <> coalesce(user_id, user_high)),
    constraint reviews_decider_check check (
        decided_by is null or decided_by <> coalesce(user_id, user_low) and decided_by <> coalesce(user_id, user_high)),
    constraint reviews_ended_check check ((ended_at is null) = (ended_by is null)),
    constraint reviews_user_id_fkey foreign key (user_id) references users (id),
    constraint reviews_conversation_id_fkey foreign key (conversation_id) references conversations (id),
    constraint reviews_requested_by_fkey foreign key (requested_by) references users (id),
    constraint reviews_decided_by_fkey foreign key (decided_by) references users (id),
    constraint reviews_ended_by_fkey foreign key (ended_by) references users (id)
);
create index reviews_requested_at_idx on reviews (requested_at desc, id desc);

-- The two of a conversation's scope are those of the conversation.
create function check_review_scope_v1() returns trigger language plpgsql as $$
begin
    if new.conversation_id is not null and not exists (
        select from conversations c where c.id = new.conversation_id and c.user_low = new.user_low and c.user_high = new.user_high
    ) then
        raise exception 'these are not the two of the conversation' using errcode = 'check_violation', constraint = 'reviews_scope_check';
    end if;
    return new;
end $$;
create trigger reviews_scope before insert on reviews for each row execute function check_review_scope_v1();

-- What was decided stays decided, what has ended stays ended.
create function keep_review_v1() returns trigger language plpgsql as $$
begin
    if (old.decision is not null and (old.decision, old.decided_by, old.decided_at, old.decision_note, old.expires_at)
            is distinct from (new.decision, new.decided_by, new.decided_at, new.decision_note, new.expires_at))
        or (old.ended_at is not null and (old.ended_at, old.ended_by) is distinct from (new.ended_at, new.ended_by))
        or (old.ended_at is not null and old.decision is null and new.decision is not null)
    then
        raise exception 'what was decided stays' using errcode = 'check_violation', constraint = 'reviews_stays_check';
    end if;
    return new;
end $$;
create trigger reviews_stays before update on reviews for each row execute function keep_review_v1();

-- Each page that was read: committed before any of its texts leaves the database. A page without messages has no seqs.
create table review_reads (
    id              bigint      not null generated always as identity,
    review_id       uuid        not null,
    conversation_id uuid        not null,
    reader_id       uuid        not null,
    from_seq        bigint,
    to_seq          bigint,
    at              timestamptz not null default clock_timestamp(),
    constraint review_reads_pkey primary key (id),
    constraint review_reads_seqs_check check ((from_seq is null) = (to_seq is null) and from_seq >= 1 and to_seq >= from_seq),
    constraint review_reads_review_id_fkey foreign key (review_id) references reviews (id),
    constraint review_reads_conversation_id_fkey foreign key (conversation_id) references conversations (id),
    constraint review_reads_reader_id_fkey foreign key (reader_id) references users (id)
);
-- for the two of the conversation, who may know
create index review_reads_conversation_id_idx on review_reads (conversation_id, review_id);
create index review_reads_review_id_idx on review_reads (review_id, id);

create function check_review_read_v1() returns trigger language plpgsql as $$
begin
    if not exists (
        select from reviews r
        where r.id = new.review_id and r.requested_by = new.reader_id
          and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
    ) then
        raise exception 'this review grants nothing' using errcode = 'check_violation', constraint = 'review_reads_grant_check';
    end if;
    return new;
end $$;
create trigger review_reads_grant before insert on review_reads for each row execute function check_review_read_v1();

revoke execute on function check_review_scope_v1, keep_review_v1, check_review_read_v1 from public;

grant select on reviews, review_reads to cms_messages_app;
grant insert (case_id, category, reason, user_id, conversation_id, user_low, user_high, from_at, until_at, mode, requested_by)
    on reviews to cms_messages_app;
grant update (decision, decided_by, decided_at, decision_note, expires_at, ended_at, ended_by) on reviews to cms_messages_app;
grant insert (review_id, conversation_id, reader_id, from_seq, to_seq) on review_reads to cms_messages_app;

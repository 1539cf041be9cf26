-- What an admin takes away of a review: asked for by its reader, released by another person where the review needed one, and
-- written down each time before a text is read.
--
-- As with reviews, the rules that must hold whatever the program does stand here.
create table review_exports (
    id            uuid        not null default gen_random_uuid(),
    review_id     uuid        not null,
    -- as the review has it: whether a second person has to release
    mode          text        not null,
    -- whose matter it is, so that a CHECK can see them: the person in scope (twice), or the two of the conversation
    matter_low    uuid        not null,
    matter_high   uuid        not null,
    requested_by  uuid        not null,
    requested_at  timestamptz not null default clock_timestamp(),
    decision      text,
    decided_by    uuid,
    decided_at    timestamptz,
    decision_note text,
    -- fixed by the release: what it covers was sealed in the tree of this size (no reference: nothing stands in the way of the
    -- seal's own tables, and what is gone there is noticed)
    tree_size     bigint,
    -- what it consists of, made when it is first taken and the same from then on; signed by the keys of the tree
    manifest      text,
    signature     text,
    constraint review_exports_pkey primary key (id),
    constraint review_exports_mode_check check (mode in ('single', 'dual')),
    constraint review_exports_decision_note_check check (char_length(decision_note) between 1 and 2000),
    constraint review_exports_decision_check check (
        decision is not null and decision in ('released', 'refused')
        and decided_by is not null and decided_at is not null
        or decision is null and decided_by is null and decided_at is null and decision_note is null),
    constraint review_exports_release_check check ((decision is not distinct from 'released') = (tree_size is not null)),
    constraint review_exports_second_person_check check (mode = 'single' or decided_by is null or decided_by <> requested_by),
    -- nobody asks for, or releases, what is their own
    constraint review_exports_requester_check check (requested_by <> matter_low and requested_by <> matter_high),
    constraint review_exports_decider_check check (decided_by is null or decided_by <> matter_low and decided_by <> matter_high),
    constraint review_exports_manifest_check check (
        (manifest is null) = (signature is null) and (manifest is null or decision is not distinct from 'released')),
    constraint review_exports_review_id_fkey foreign key (review_id) references reviews (id),
    constraint review_exports_requested_by_fkey foreign key (requested_by) references users (id),
    constraint review_exports_decided_by_fkey foreign key (decided_by) references users (id)
);
create index review_exports_review_id_idx on review_exports (review_id, requested_at desc, id desc);
-- one question at a time
create unique index review_exports_waiting_key on review_exports (review_id) where decision is null;

-- What a released one covers of each conversation: found in the sealed log alone, so always the same.
create table review_export_conversations (
    export_id       uuid   not null,
    conversation_id uuid   not null,
    user_low        uuid   not null,
    user_high       uuid   not null,
    first_seq       bigint not null,
    last_seq        bigint not null,
    -- the last receipt of each of the two that says something of these messages; null when there is none
    low_delivered   bigint,
    low_read        bigint,
    high_delivered  bigint,
    high_read       bigint,
    constraint review_export_conversations_pkey primary key (export_id, conversation_id),
    constraint review_export_conversations_seqs_check check (first_seq >= 1 and last_seq >= first_seq),
    constraint review_export_conversations_export_id_fkey foreign key (export_id) references review_exports (id),
    constraint review_export_conversations_conversation_id_fkey foreign key (conversation_id) references conversations (id)
);
-- for the two of the conversation, who may know
create index review_export_conversations_conversation_id_idx on review_export_conversations (conversation_id);

-- Each time that one is taken: committed before any of its texts is read.
create table review_export_takes (
    id        bigint      not null generated always as identity,
    export_id uuid        not null,
    taken_by  uuid        not null,
    at        timestamptz not null default clock_timestamp(),
    constraint review_export_takes_pkey primary key (id),
    constraint review_export_takes_export_id_fkey foreign key (export_id) references review_exports (id),
    constraint review_export_takes_taken_by_fkey foreign key (taken_by) references users (id)
);
create index review_export_takes_export_id_idx on review_export_takes (export_id, id);

-- It is asked for by the reader of an open review, with that review's mode and matter.
create function check_review_export_v1() returns trigger language plpgsql as $$
begin
    if not exists (
        select from reviews r
        where r.id = new.review_id and r.requested_by = new.requested_by and r.mode = new.mode
          and coalesce(r.user_id, r.user_low) = new.matter_low and coalesce(r.user_id, r.user_high) = new.matter_high
          and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
    ) then
        raise exception 'this review grants no export' using errcode = 'check_violation', constraint = 'review_exports_grant_check';
    end if;
    return new;
end $$;
create trigger review_exports_grant before insert on review_exports for each row execute function check_review_export_v1();

-- What was decided and what was made stays; only what an open review grants is released.
create function keep_review_export_v1() returns trigger language plpgsql as $$
begin
    if (old.decision is not null and (old.decision, old.decided_by, old.decided_at, old.decision_note, old.tree_size)
            is distinct from (new.decision, new.decided_by, new.decided_at, new.decision_note, new.tree_size))
        or (old.manifest is not null and (old.manifest, old.signature) is distinct from (new.manifest, new.signature))
    then
        raise exception 'what was decided stays' using errcode = 'check_violation', constraint = 'review_exports_stays_check';
    end if;
    if old.decision is null and new.decision = 'released' and not exists (
        select from reviews r
        where r.id = new.review_id and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
    ) then
        raise exception 'this review grants no export' using errcode = 'check_violation', constraint = 'review_exports_grant_check';
    end if;
    return new;
end $$;
create trigger review_exports_stays before update on review_exports for each row execute function keep_review_export_v1();

-- It is taken by who asked, once it was released, while its review is open.
create function check_review_export_take_v1() returns trigger language plpgsql as $$
begin
    if not exists (
        select from review_exports e
        join reviews r on r.id = e.review_id
        where e.id = new.export_id and e.requested_by = new.taken_by and e.decision = 'released'
          and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
    ) then
        raise exception 'nothing was released' using errcode = 'check_violation', constraint = 'review_export_takes_grant_check';
    end if;
    return new;
end $$;
create trigger review_export_takes_grant before insert on review_export_takes for each row execute function check_review_export_take_v1();

revoke execute on function check_review_export_v1, keep_review_export_v1, check_review_export_take_v1 from public;

grant select on review_exports, review_export_conversations, review_export_takes to cms_messages_app;
grant insert (review_id, mode, matter_low, matter_high, requested_by) on review_exports to cms_messages_app;
grant update (decision, decided_by, decided_at, decision_note, tree_size, manifest, signature) on review_exports to cms_messages_app;
grant insert on review_export_conversations to cms_messages_app;
grant insert (export_id, taken_by) on review_export_takes to cms_messages_app;

-- A history as the product would have written it, for `script/bench verify` and `export`: pairs of people with 250 messages each by turns, of
-- which the one with the higher id acknowledges each of the other's, delivered and read. 501 audit entries a pair, in the order of time.
--
-- Settings: history.pairs; history.one: `yes` when the one with the lower id is the same person in all of them.
create function pg_temp.id(kind int, n bigint) returns uuid language sql immutable
as $$ select format('%s-0000-7000-8000-%s', lpad(kind::text, 8, '0'), lpad(n::text, 12, '0'))::uuid $$;
create function pg_temp.moment(seq bigint, pair bigint, turn int) returns timestamptz language sql immutable
as $$ select timestamptz '2026-01-01 00:00+00' + seq * interval '1 minute' + pair * interval '1 millisecond' + turn * interval '1 microsecond' $$;

create temporary table pairs as
    select n, pg_temp.id(2, n) as id, pg_temp.id(1, case current_setting('history.one', true) when 'yes' then 1 else 2 * n end) as low, pg_temp.id(1, 2 * n + 1) as high
    from generate_series(1, current_setting('history.pairs')::bigint) n;

create temporary table texts as
    select p.n, p.id, seq, case seq % 2 when 1 then p.low else p.high end as sender, case seq % 2 when 1 then p.high else p.low end as recipient,
           repeat('two colleagues write. ', 1 + (seq % 7)::int) as body, sha256(convert_to(p.n || ' ' || seq, 'UTF8')) as salt,
           pg_temp.moment(seq, p.n, 0) as at
    from pairs p, generate_series(1::bigint, 250) seq;

insert into users (id, username, display_name, search_text)
select distinct u, 'u' || u, 'Somebody', ' somebody' from pairs, unnest(array[low, high]) u;
insert into user_feeds (user_id) select id from users;

insert into conversations (id, user_low, user_high, created_by, last_seq, last_message_at, created_at)
select id, low, high, low, 250, pg_temp.moment(250, n, 0), pg_temp.moment(0, n, 0) from pairs;

insert into participants (conversation_id, user_id, peer_id, opened_at, last_seq, own_total, delivered_seq, read_seq, own_at_read,
                          last_activity_at, last_sent_at)
select id, low, high, pg_temp.moment(0, n, 0), 250, 125, 0, 0, 0, pg_temp.moment(250, n, 0), pg_temp.moment(249, n, 0) from pairs
union all
select id, high, low, null, 250, 125, 249, 249, 124, pg_temp.moment(250, n, 0), pg_temp.moment(250, n, 0) from pairs;

insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at,
                      sender_change_no, recipient_change_no)
select id, seq, sender, (seq + 1) / 2, gen_random_uuid(), body, salt, sha256(salt || convert_to(body, 'UTF8')), at, seq, seq from texts;

insert into receipts (conversation_id, user_id, kind, up_to_seq, evidence, at)
select id, recipient, kind, seq, case kind when 'read' then 'client' else 'read' end, pg_temp.moment(seq, n, 1)
from texts, unnest(array['delivered', 'read']) kind where seq % 2 = 1;

insert into audit_entries (at, actor_id, action, conversation_id, object, details)
select at, actor, action, id, object, details
from (
    select pg_temp.moment(0, n, 0) as at, 0 as turn, low as actor, 'conversation.created' as action, id, high::text as object, '{}'::jsonb as details
    from pairs
    union all
    select at, 0, sender, 'message.sent', id, seq::text,
           jsonb_build_object('recipient_id', recipient, 'digest', encode(sha256(salt || convert_to(body, 'UTF8')), 'hex'))
    from texts
    union all
    select pg_temp.moment(seq, n, 1), turn, recipient, 'message.' || kind, id, seq::text, '{}'
    from texts, (values (1, 'delivered'), (2, 'read')) as k (turn, kind) where seq % 2 = 1
) entries
order by at, turn;

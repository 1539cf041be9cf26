-- The bound: what a straightforward send writes, in one transaction of its own, with the product's tables, indexes, order of
-- locks and role. No look-up of the key, no policy, no grouping, no HTTP: whoever commits each message by itself and does
-- all of its writes cannot be faster on this machine. pgbench calls it once for each message (bound.pgbench).

-- The people and conversations that the agent writes with (tests/agent/load/office.rs): 1 sender, 2 recipient, 3 conversation.
create or replace function bench_id(kind int, number bigint) returns uuid language sql immutable parallel safe
return (to_hex(x'10ad0000'::int + kind) || '70008000' || '00000001' || lpad(to_hex(number), 8, '0'))::uuid;

create or replace function bench_bound_send(p_number bigint, p_body text) returns bigint language plpgsql as $$
declare
    v_conversation     uuid := bench_id(3, p_number);
    v_sender           uuid := bench_id(1, p_number);
    v_recipient        uuid := bench_id(2, p_number);
    v_salt             bytea := decode(repeat('5a', 32), 'hex');
    v_digest           bytea;
    v_client_id        uuid;
    v_seq              bigint;
    v_at               timestamptz;
    v_ordinal          bigint;
    v_sender_change    bigint;
    v_recipient_change bigint;
begin
    perform 1 from conversations where id = v_conversation for no key update;
    perform 1 from user_feeds where user_id in (v_sender, v_recipient) order by user_id for no key update;

    update conversations set last_seq = last_seq + 1, last_message_at = greatest(clock_timestamp(), last_message_at)
    where id = v_conversation returning last_seq, last_message_at into strict v_seq, v_at;
    update user_feeds set change_no = change_no + 1 where user_id = v_sender returning change_no into strict v_sender_change;
    update user_feeds set change_no = change_no + 1 where user_id = v_recipient returning change_no into strict v_recipient_change;
    update participants
    set last_seq = v_seq, own_total = own_total + 1, change_no = v_sender_change, last_activity_at = v_at, last_sent_at = v_at
    where conversation_id = v_conversation and user_id = v_sender returning own_total into strict v_ordinal;
    update participants
    set last_seq = v_seq, change_no = v_recipient_change, last_activity_at = v_at
    where conversation_id = v_conversation and user_id = v_recipient;

    -- UUIDv7, as clients make them: the index grows at its end, as theirs does
    v_client_id := encode(overlay(uuid_send(gen_random_uuid()) placing
        substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 'hex')::uuid;
    v_digest := sha256(v_salt || convert_to(p_body, 'UTF8'));
    insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at,
                          sender_change_no, recipient_change_no)
    values (v_conversation, v_seq, v_sender, v_ordinal, v_client_id, p_body, v_salt, v_digest, v_at, v_sender_change, v_recipient_change);
    insert into audit_entries (at, actor_id, action, conversation_id, object, details)
    values (v_at, v_sender, 'message.sent', v_conversation, v_seq::text,
            jsonb_build_object('recipient_id', v_recipient, 'digest', encode(v_digest, 'hex')));
    return v_seq;
end
$$;

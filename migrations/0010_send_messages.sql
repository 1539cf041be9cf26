-- Sends messages: one call, one round trip, any number of items (arrays of one length, item i at position i).
-- Its statements run in order: lock conversations by id, lock feeds by id, look up keys, write. One statement with
-- writing CTEs would keep the snapshot from before it waited for the locks. No notification inside: NOTIFY takes a
-- lock on the whole database at commit.
--
-- outcome  created            written now
--          replayed           the key is known with the same text: the message as it stands, with its times
--          conflict           the key is known with another text or in another conversation
--          not_found          no such conversation for this sender
--          recipient_changed  nothing written: the caller decided about another version of the recipient (or about
--                             none); the columns recipient_* say what to decide about now
-- The key is looked up before the policy is asked, so a replay is answered whatever the policy says by now.
create function send_messages_v1(
    p_sender            uuid[],
    p_conversation      uuid[],
    p_client_id         uuid[],
    p_body              text[],
    p_salt              bytea[],
    p_recipient_version bigint[]
)
returns table (
    item                   int,
    outcome                text,
    seq                    bigint,
    sent_at                timestamptz,
    delivered_at           timestamptz,
    read_at                timestamptz,
    recipient_id           uuid,
    recipient_version      bigint,
    recipient_role         text,
    recipient_department   text,
    recipient_active       boolean,
    recipient_last_sent_at timestamptz
)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_conversation     conversations%rowtype;
    v_known            messages%rowtype;
    v_visible          boolean;
    v_digest           bytea;
    v_ordinal          bigint;
    v_sender_change    bigint;
    v_recipient_change bigint;
begin
    -- only what the senders take part in: a stranger must not wait for a lock, nor make others wait
    perform 1 from conversations c
    where c.id in (
        select p.conversation_id from unnest(p_conversation, p_sender) as asked (conversation_id, sender_id)
        join participants p on p.conversation_id = asked.conversation_id and p.user_id = asked.sender_id
    )
    order by c.id for no key update;

    perform 1 from user_feeds f
    where f.user_id in (
        select unnest(array[p.user_id, p.peer_id]) from unnest(p_conversation, p_sender) as asked (conversation_id, sender_id)
        join participants p on p.conversation_id = asked.conversation_id and p.user_id = asked.sender_id
    )
    order by f.user_id for no key update;

    for i in 1 .. cardinality(p_conversation) loop
        item := i;
        outcome := null; seq := null; sent_at := null; delivered_at := null; read_at := null;
        recipient_id := null; recipient_version := null; recipient_role := null; recipient_department := null;
        recipient_active := null; recipient_last_sent_at := null;

        select c.* into v_conversation from conversations c
        where c.id = p_conversation[i] and p_sender[i] in (c.user_low, c.user_high);
        if found then
            select p.peer_id, p.last_activity_at is not null into recipient_id, v_visible from participants p
            where p.conversation_id = v_conversation.id and p.user_id = p_sender[i];
        end if;
        if v_conversation.id is null or not v_visible then
            recipient_id := null;
            outcome := 'not_found';
            return next;
            continue;
        end if;

        select m.* into v_known from messages m where m.sender_id = p_sender[i] and m.client_id = p_client_id[i];
        if found then
            if v_known.conversation_id = v_conversation.id and v_known.body = p_body[i] then
                outcome := 'replayed';
                seq := v_known.seq;
                sent_at := v_known.sent_at;
                select s.delivered_at, s.read_at into delivered_at, read_at from user_message_status s
                where s.conversation_id = v_known.conversation_id and s.seq = v_known.seq;
            else
                outcome := 'conflict';
            end if;
            return next;
            continue;
        end if;

        select u.version, u.role, u.department, u.active, q.last_sent_at
        into strict recipient_version, recipient_role, recipient_department, recipient_active, recipient_last_sent_at
        from users u join participants q on q.conversation_id = v_conversation.id and q.user_id = u.id
        where u.id = recipient_id;
        if p_recipient_version[i] is distinct from recipient_version then
            outcome := 'recipient_changed';
            return next;
            continue;
        end if;

        seq := v_conversation.last_seq + 1;
        sent_at := greatest(clock_timestamp(), v_conversation.last_message_at);
        v_digest := sha256(p_salt[i] || convert_to(p_body[i], 'UTF8'));

        update conversations c set last_seq = seq, last_message_at = sent_at where c.id = v_conversation.id;
        update user_feeds f set change_no = f.change_no + 1 where f.user_id = p_sender[i]
        returning f.change_no into strict v_sender_change;
        update user_feeds f set change_no = f.change_no + 1 where f.user_id = recipient_id
        returning f.change_no into strict v_recipient_change;
        update participants p
        set last_seq = seq, own_total = p.own_total + 1, change_no = v_sender_change, last_activity_at = sent_at, last_sent_at = sent_at
        where p.conversation_id = v_conversation.id and p.user_id = p_sender[i]
        returning p.own_total into strict v_ordinal;
        update participants p
        set last_seq = seq, change_no = v_recipient_change, last_activity_at = sent_at
        where p.conversation_id = v_conversation.id and p.user_id = recipient_id;
        insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at, sender_change_no, recipient_change_no)
        values (v_conversation.id, seq, p_sender[i], v_ordinal, p_client_id[i], p_body[i], p_salt[i], v_digest, sent_at, v_sender_change, v_recipient_change);
        insert into audit_entries (at, actor_id, action, conversation_id, object, details)
        values (sent_at, p_sender[i], 'message.sent', v_conversation.id, seq::text,
                jsonb_build_object('recipient_id', recipient_id, 'digest', encode(v_digest, 'hex')));
        outcome := 'created';
        return next;
    end loop;
end
$$;

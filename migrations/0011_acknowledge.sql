-- Moves one user's delivered or read pointers forward: all items or none (arrays of one length).
-- p_kind: 'delivered' or 'read' (which raises delivered too). What is already known changes nothing.
-- Raises CM404 for a conversation that is not theirs, CM422 for a seq that is negative or beyond the last one.
-- Returns the peers whose view of a conversation moved with it. Locks: conversations by id, then feeds by id, then writes.
create function acknowledge_v1(p_user uuid, p_kind text, p_evidence text, p_conversation uuid[], p_up_to bigint[])
returns uuid[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_me     participants%rowtype;
    v_peers  uuid[] := '{}';
    v_known  bigint;
    v_own    bigint;
    v_at     timestamptz;
    v_change bigint;
begin
    -- refuse before any lock; answer what is already known without one
    if exists (
        select 1 from unnest(p_conversation) as asked (id)
        left join participants p on p.conversation_id = asked.id and p.user_id = p_user
        where p.last_activity_at is null
    ) then
        raise exception 'no such conversation' using errcode = 'CM404';
    end if;
    if exists (
        select 1 from unnest(p_conversation, p_up_to) as asked (id, up_to)
        join participants p on p.conversation_id = asked.id and p.user_id = p_user
        where asked.up_to not between 0 and p.last_seq
    ) then
        raise exception 'beyond the last message' using errcode = 'CM422';
    end if;
    if not exists (
        select 1 from unnest(p_conversation, p_up_to) as asked (id, up_to)
        join participants p on p.conversation_id = asked.id and p.user_id = p_user
        where asked.up_to > case p_kind when 'read' then p.read_seq else p.delivered_seq end
    ) then
        return v_peers;
    end if;

    perform 1 from conversations c where c.id = any (p_conversation) order by c.id for no key update;
    perform 1 from user_feeds f
    where f.user_id = p_user
       or f.user_id in (select p.peer_id from participants p where p.conversation_id = any (p_conversation) and p.user_id = p_user)
    order by f.user_id for no key update;

    for i in 1 .. cardinality(p_conversation) loop
        select p.* into strict v_me from participants p where p.conversation_id = p_conversation[i] and p.user_id = p_user;
        v_known := case p_kind when 'read' then v_me.read_seq else v_me.delivered_seq end;
        continue when p_up_to[i] <= v_known;

        -- between two people, what is not the peer's is one's own
        select case when m.sender_id = p_user then m.sender_ordinal else m.seq - m.sender_ordinal end into strict v_own
        from messages m where m.conversation_id = p_conversation[i] and m.seq = p_up_to[i];
        select greatest(clock_timestamp(), c.last_message_at) into strict v_at from conversations c where c.id = p_conversation[i];

        if p_up_to[i] > v_me.delivered_seq then
            insert into receipts (conversation_id, user_id, kind, up_to_seq, evidence, at)
            values (p_conversation[i], p_user, 'delivered', p_up_to[i], case p_kind when 'read' then 'read' else p_evidence end, v_at);
            insert into audit_entries (at, actor_id, action, conversation_id, object)
            values (v_at, p_user, 'message.delivered', p_conversation[i], p_up_to[i]::text);
        end if;
        if p_kind = 'read' then
            insert into receipts (conversation_id, user_id, kind, up_to_seq, evidence, at)
            values (p_conversation[i], p_user, 'read', p_up_to[i], p_evidence, v_at);
            insert into audit_entries (at, actor_id, action, conversation_id, object)
            values (v_at, p_user, 'message.read', p_conversation[i], p_up_to[i]::text);
        end if;

        update user_feeds f set change_no = f.change_no + 1 where f.user_id = p_user returning f.change_no into strict v_change;
        update participants p
        set delivered_seq = greatest(p.delivered_seq, p_up_to[i]),
            read_seq = case p_kind when 'read' then p_up_to[i] else p.read_seq end,
            own_at_read = case p_kind when 'read' then v_own else p.own_at_read end,
            change_no = v_change
        where p.conversation_id = p_conversation[i] and p.user_id = p_user;

        update user_feeds f set change_no = f.change_no + 1 where f.user_id = v_me.peer_id returning f.change_no into strict v_change;
        update participants p set change_no = v_change where p.conversation_id = p_conversation[i] and p.user_id = v_me.peer_id;
        v_peers := v_peers || v_me.peer_id;
    end loop;
    return v_peers;
end
$$;

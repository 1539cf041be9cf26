-- Opens the conversation of two users for one of them; opening twice gives the same one.
-- Whether the viewer may open it has been decided before; an existing one is returned whatever the policy says.
-- Locks: conversation, then the viewer's feed, then writes.
create function open_conversation_v1(p_viewer uuid, p_recipient uuid)
returns table (conversation_id uuid, created boolean)
language plpgsql
as $$
#variable_conflict use_column
declare
    v_id      uuid;
    v_created boolean := true;
    v_now     timestamptz;
    v_change  bigint;
begin
    insert into conversations (user_low, user_high, created_by)
    values (least(p_viewer, p_recipient), greatest(p_viewer, p_recipient), p_viewer)
    on conflict on constraint conversations_pair_key do nothing
    returning id into v_id;

    if v_id is null then
        v_created := false;
        select c.id into strict v_id from conversations c
        where c.user_low = least(p_viewer, p_recipient) and c.user_high = greatest(p_viewer, p_recipient)
        for no key update;
    else
        insert into participants (conversation_id, user_id, peer_id)
        values (v_id, p_viewer, p_recipient), (v_id, p_recipient, p_viewer);
    end if;

    -- already in the viewer's inbox, opened or written to: nothing changes
    if exists (select 1 from participants p where p.conversation_id = v_id and p.user_id = p_viewer and p.last_activity_at is not null) then
        return query select v_id, false;
        return;
    end if;

    update user_feeds f set change_no = f.change_no + 1 where f.user_id = p_viewer returning f.change_no into strict v_change;
    v_now := clock_timestamp();
    update participants p
    set opened_at = v_now, last_activity_at = v_now, change_no = v_change
    where p.conversation_id = v_id and p.user_id = p_viewer;

    insert into audit_entries (at, actor_id, action, conversation_id, object)
    values (v_now, p_viewer, case when v_created then 'conversation.created' else 'conversation.opened' end, v_id, p_recipient::text);

    return query select v_id, v_created;
end
$$;

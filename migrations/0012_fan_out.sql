-- One person changed: tells the next p_limit peers that their conversation looks different now, and the person too,
-- because their own role and department decide to whom they may write.
-- Peers after p_after in the order of ids; returns the last one reached, or null when there are no more.
-- Locks: the batch's feeds by id, then writes.
create function fan_out_user_v1(p_user uuid, p_after uuid, p_limit int)
returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
    v_peers  uuid[];
    v_peer   uuid;
    v_change bigint;
begin
    select array_agg(next.user_id order by next.user_id) into v_peers
    from (
        select p.user_id from participants p
        where p.peer_id = p_user and p.user_id > p_after
        order by p.user_id limit p_limit
    ) next;
    if v_peers is null then
        return null;
    end if;

    perform 1 from user_feeds f where f.user_id = p_user or f.user_id = any (v_peers) order by f.user_id for no key update;

    foreach v_peer in array v_peers loop
        if exists (select 1 from participants p where p.user_id = v_peer and p.peer_id = p_user and p.last_activity_at is not null) then
            update user_feeds f set change_no = f.change_no + 1 where f.user_id = v_peer returning f.change_no into strict v_change;
            update participants p set change_no = v_change where p.user_id = v_peer and p.peer_id = p_user;
        end if;
        if exists (select 1 from participants p where p.user_id = p_user and p.peer_id = v_peer and p.last_activity_at is not null) then
            update user_feeds f set change_no = f.change_no + 1 where f.user_id = p_user returning f.change_no into strict v_change;
            update participants p set change_no = v_change where p.user_id = p_user and p.peer_id = v_peer;
        end if;
    end loop;
    return v_peers[cardinality(v_peers)];
end
$$;

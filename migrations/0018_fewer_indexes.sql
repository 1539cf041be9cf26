-- Every send and every receipt moves both participants in the inbox and among the changes, so it writes into each index of
-- the table, wanted or not. A conversation has a row for each side, so the peers of a user are found by the user as well as
-- by the peer: the index on the peer goes. The function that used it does the same from the other side.
create or replace function fan_out_user_v1(p_user uuid, p_after uuid, p_limit int)
returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
    v_peers  uuid[];
    v_peer   uuid;
    v_change bigint;
begin
    select array_agg(next.peer_id order by next.peer_id) into v_peers
    from (
        select p.peer_id from participants p
        where p.user_id = p_user and p.peer_id > p_after
        order by p.peer_id limit p_limit
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
drop index participants_peer_id_idx;

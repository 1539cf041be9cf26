-- Tells the next p_limit peers of one changed person that their conversation looks different now.
-- Peers after p_after in the order of ids; returns the last one reached, or null when there are no more.
create function fan_out_user_v1(p_user uuid, p_after uuid, p_limit int)
returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
    v_peer   uuid;
    v_last   uuid;
    v_change bigint;
begin
    for v_peer in
        select p.user_id from participants p
        where p.peer_id = p_user and p.user_id > p_after and p.last_activity_at is not null
        order by p.user_id limit p_limit
    loop
        update user_feeds f set change_no = f.change_no + 1 where f.user_id = v_peer returning f.change_no into strict v_change;
        update participants p set change_no = v_change where p.user_id = v_peer and p.peer_id = p_user;
        v_last := v_peer;
    end loop;
    return v_last;
end
$$;

-- A page of the inbox behind a cursor ($2, $3), whose peers' names match every pattern of $4; with the viewer's newest change.
select f.change_no as "newest!", now() as "now!", (select coalesce(max(version), 0) from policy_versions) as "policy_version!",
       v.role as "viewer_role!", v.department as "viewer_department!",
       e.conversation_id, e.unread, e.last_seq, e.read_seq, e.delivered_seq, e.change_no, e.last_activity_at,
       e.peer_read_seq, e.peer_delivered_seq, e.peer_last_sent_at, e.created_at,
       e.peer_id, e.peer_username, e.peer_display_name, e.peer_department, e.peer_role, e.peer_active,
       e.last_sender_id, e.last_text, e.last_sent_at
from user_feeds f
join users v on v.id = f.user_id
left join lateral (
    select i.* from inbox_entries i
    where i.user_id = $1
      and (i.last_activity_at, i.conversation_id)
          < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
      and i.peer_search_text like all ($4::text[])
    order by i.last_activity_at desc, i.conversation_id desc
    limit $5
) e on true
where f.user_id = $1
order by e.last_activity_at desc, e.conversation_id desc

-- One conversation as the viewer sees it, if it is in their inbox.
select f.change_no as "newest!", now() as "now!", (select coalesce(max(version), 0) from policy_versions) as "policy_version!",
       v.role as "viewer_role!", v.department as "viewer_department!",
       e.conversation_id, e.unread, e.last_seq, e.read_seq, e.delivered_seq, e.change_no, e.last_activity_at,
       e.peer_read_seq, e.peer_delivered_seq, e.peer_last_sent_at, e.created_at,
       e.peer_id, e.peer_username, e.peer_display_name, e.peer_department, e.peer_role, e.peer_active,
       e.last_sender_id, e.last_text, e.last_sent_at
from user_feeds f
join users v on v.id = f.user_id
left join inbox_entries e on e.user_id = $1 and e.conversation_id = $2
where f.user_id = $1

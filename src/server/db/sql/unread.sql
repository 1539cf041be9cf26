-- The viewer's unread messages, and the conversations that hold them.
select coalesce(sum(unread), 0)::bigint as "messages!", count(*) as "conversations!"
from participants
where user_id = $1 and unread > 0

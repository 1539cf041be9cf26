-- What a user sees of each of their conversations: the one shape behind the inbox, one conversation, and the changes.
-- The other side is looked up by the conversation alone: by its user the planner may walk all conversations of a busy peer.
-- last_text carries one character more than a preview shows, so that the preview knows whether to shorten.
create view inbox_entries as
select p.user_id,
       p.conversation_id,
       p.unread,
       p.last_seq,
       p.read_seq,
       p.delivered_seq,
       p.change_no,
       p.last_activity_at,
       q.read_seq      as peer_read_seq,
       q.delivered_seq as peer_delivered_seq,
       q.last_sent_at  as peer_last_sent_at,
       c.created_at,
       u.id            as peer_id,
       u.username      as peer_username,
       u.display_name  as peer_display_name,
       u.department    as peer_department,
       u.role          as peer_role,
       u.active        as peer_active,
       u.search_text   as peer_search_text,
       m.sender_id     as last_sender_id,
       left(m.body, 141) as last_text,
       m.sent_at       as last_sent_at
from participants p
join participants q on q.conversation_id = p.conversation_id and q.user_id <> p.user_id
join conversations c on c.id = p.conversation_id
join users u on u.id = p.peer_id
left join messages m on m.conversation_id = p.conversation_id and m.seq = p.last_seq
where p.last_activity_at is not null;

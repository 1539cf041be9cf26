-- The people of the load agent: recipients with one conversation each, and who writes to them. All ids are computed by the
-- agent, so that a second run finds what the first has made.
--
-- $1 senders, $2 recipients, $3 conversations (arrays of one length; a sender may stand there more than once).
with asked as (
    select sender_id, recipient_id, conversation_id from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as asked (sender_id, recipient_id, conversation_id)
), made as (
    insert into users (id, username, display_name, search_text, department)
    select id, 'load-' || id, 'Load ' || right(id::text, 12), ' load ' || right(id::text, 12), 'Load'
    from (select sender_id from asked union select recipient_id from asked) people (id)
    on conflict (id) do nothing
    returning id
), fed as (
    insert into user_feeds (user_id) select id from made
), opened as (
    insert into conversations (id, user_low, user_high, created_by)
    select conversation_id, least(sender_id, recipient_id), greatest(sender_id, recipient_id), sender_id from asked
    on conflict (id) do nothing
    returning id
)
insert into participants (conversation_id, user_id, peer_id, opened_at, last_activity_at)
select conversation_id, user_id, peer_id, now(), now()
from asked
join opened on opened.id = asked.conversation_id
cross join lateral (values (sender_id, recipient_id), (recipient_id, sender_id)) sides (user_id, peer_id)

-- People for whom each word of the query begins a word of name, user name or department; then, to fill up, people
-- whose words are similar (pg_trgm). Exact before prefix before similar; among equals recent partners, then the
-- viewer's department, then by name.
-- $2 patterns "% word%", of them $3 the longest for the index; $4 patterns "% word %"; $5 the whole folded query;
-- $6 the viewer's department; $7 rows per group of people whom the policy can only treat alike (role, department, when
-- they wrote to the viewer), so that enough remain whichever groups it hides; $8 rows altogether, null for all.
select ranked.id as "id!", ranked.username as "username!", ranked.display_name as "display_name!",
       ranked.department as "department!", ranked.role as "role!", ranked.active as "active!",
       ranked.is_known as "is_known!", ranked.wrote_at, now() as "now!",
       (select coalesce(max(version), 0) from policy_versions) as "policy_version!"
from (
    select found.*,
           row_number() over (
               partition by found.role, found.department, found.wrote_at
               order by found.rank, found.distance, found.known_at desc nulls last, found.elsewhere, found.display_name, found.id
           ) as place
    from (
        select u.id, u.username, u.display_name, u.department, u.role, u.active,
               p.last_activity_at is not null as is_known,
               p.last_activity_at as known_at,
               q.last_sent_at as wrote_at,
               u.department <> $6 as elsewhere,
               class.rank,
               case when class.rank = 3 then 1 - word_similarity($5, u.search_text) else 0 end as distance
        from users u
        left join participants p on p.user_id = $1 and p.peer_id = u.id and p.last_activity_at is not null
        left join lateral (
            -- looked up for each of them: a join may be made by reading all of the table
            select last_sent_at from participants where user_id = u.id and peer_id = $1 offset 0
        ) q on true
        cross join lateral (
            select case
                       when u.username = $5 or starts_with(u.search_text || ' ', ' ' || $5 || ' ' || u.username || ' ') then 0
                       when u.search_text || ' ' like all ($4::text[]) then 1
                       when u.search_text like all ($2::text[]) then 2
                       else 3
                   end as rank
            offset 0 -- computed once
        ) class
        where ((u.search_text like $3 and u.search_text like all ($2::text[])) or u.search_text %> $5)
          and u.id <> $1 and (u.active or p.last_activity_at is not null)
    ) found
) ranked
where ranked.place <= $7
order by ranked.rank, ranked.distance, ranked.known_at desc nulls last, ranked.elsewhere, ranked.display_name, ranked.id
limit $8

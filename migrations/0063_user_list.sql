-- The list of people that admins look through, by folded name whatever the database's locale. The beginning decides: a whole
-- text of unusual letters could be longer than what fits a B-tree.
create index users_by_name_idx on users ((left(search_text, 100) collate "C"), id);

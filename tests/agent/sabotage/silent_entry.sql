-- One audit entry of a hundred is not written (I16).
create function sabotage() returns trigger language plpgsql as $$ begin return case when random() < 0.01 then null else new end; end $$;
create trigger sabotage before insert on audit_entries for each row execute function sabotage();

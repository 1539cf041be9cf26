-- One message of a hundred is acknowledged and not written (I1).
create function sabotage() returns trigger language plpgsql as $$ begin return case when random() < 0.01 then null else new end; end $$;
create trigger sabotage before insert on messages for each row execute function sabotage();

-- Now and then a change number is left out (I6).
create function sabotage() returns trigger language plpgsql as $$ begin
    if random() < 0.01 then new.change_no := new.change_no + 1; end if;
    return new;
end $$;
create trigger sabotage before update on user_feeds for each row execute function sabotage();

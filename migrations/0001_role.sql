-- The role the server works as. Roles belong to the cluster, not to the database: two migrations may race for it.
do $$
begin
    create role cms_messages_app nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;

-- A migrating login that is no superuser has to be a member before it may SET ROLE (PostgreSQL 16).
do $$
begin
    if not pg_has_role(current_user, 'cms_messages_app', 'member') then
        execute format('grant cms_messages_app to %I', current_user);
    end if;
end
$$;

grant usage on schema public to cms_messages_app;

create extension if not exists pg_trgm;

-- A retry is a new message (I2, I3).
alter table messages drop constraint messages_client_id_key;
do $$ begin
    execute replace(pg_get_functiondef('send_messages_v2'::regproc), 'm.client_id = a.client_id', 'm.client_id = a.client_id and false');
end $$;

-- A retry is a new message (I2, I3).
alter table messages drop constraint messages_client_id_key;
do $$
declare
    whole     text := pg_get_functiondef('send_messages_v3'::regproc);
    forgetful text := regexp_replace(whole, 'm\.client_id = (a\.|v_)client_id', '\& and false', 'g');
begin
    if forgetful = whole then raise exception 'send_messages_v3 looks its keys up in another way'; end if;
    execute forgetful;
end $$;

create or replace function martlet.discard(message_id bigint, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.discard_as(session_user, null, message_id, why);
end $$;

grant execute on function martlet.discard(bigint, text) to martlet_admin;

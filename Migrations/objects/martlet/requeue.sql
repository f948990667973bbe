-- after: martlet_data.wake_sleeper
create or replace function martlet.requeue(message_id bigint, why text, variables jsonb default null, provider text default null,
        may_duplicate boolean default false, approve_words boolean default false) returns timestamptz
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    return martlet_data.requeue_as(session_user, null, message_id, why, variables, provider, may_duplicate, approve_words);
end $$;

comment on function martlet.requeue is 'Starts a new series of attempts with a new time to live; returns when it expires.';
grant execute on function martlet.requeue(bigint, text, jsonb, text, boolean, boolean) to martlet_admin;

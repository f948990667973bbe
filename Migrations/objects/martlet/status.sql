-- after: martlet.my_messages
create or replace function martlet.status(message_id bigint) returns setof martlet.my_messages
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    return query select * from martlet.my_messages m where m.message_id = status.message_id;
    if not found then
        raise exception 'message % does not exist, or another producer enqueued it', message_id using errcode = 'MT012',
            hint = 'Pass the id that enqueue returned, with the role that enqueued it.';
    end if;
end $$;

create or replace function martlet.status(idempotency_key text) returns setof martlet.my_messages
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_id bigint := (select k.message_id from martlet_data.idempotency_keys k where k.producer = session_user and k.key = idempotency_key);
begin
    if v_id is null then
        raise exception 'field idempotency_key: % was not used by %', coalesce(quote_literal(left(idempotency_key, 256)), 'null'), session_user using errcode = 'MT012',
            hint = 'Pass a key that enqueue was given, with the role that passed it; keys are forgotten after 30 days.';
    end if;
    return query select * from martlet.status(v_id);
end $$;

comment on function martlet.status(bigint) is 'What became of one message of the caller''s own.';
comment on function martlet.status(text) is 'The same, by the idempotency key that it was enqueued with.';
grant execute on function martlet.status(bigint) to martlet_admin, martlet_producer;
grant execute on function martlet.status(text) to martlet_admin, martlet_producer;

-- after: martlet_data.reach_goal, martlet_data.person_key, martlet_data.tell_journeys
create or replace function martlet.event(name text, recipient_key text, data jsonb default null, idempotency_key text default null) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_id bigint;
begin
    if name is null or name !~ '^[a-z0-9][a-z0-9_.-]{0,62}$' then
        raise exception 'field name: % is no name of an event', coalesce(quote_literal(name), 'null') using errcode = 'MT024', hint = 'Use lower-case letters, digits, -, _ and dots, such as order.paid.';
    end if;
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    perform martlet_data.check_text('idempotency_key', idempotency_key, 256);
    if data is not null and (jsonb_typeof(data) <> 'object' or pg_column_size(data) > 8192) then
        raise exception 'field data: must be a JSON object of at most 8 KiB' using errcode = 'MT024', hint = 'Keep what steps and templates need, and leave the rest with the service.';
    end if;
    insert into martlet_data.events (name, person, data, idempotency_key) values (name, martlet_data.person_key(recipient_key), data::json, idempotency_key)
        on conflict do nothing returning id into v_id;
    if v_id is null then
        -- It was reported before: what it did is done.
        select e.id into v_id from martlet_data.events e where e.producer = session_user and e.idempotency_key = event.idempotency_key and e.name = event.name and e.person = martlet_data.person_key(recipient_key);
        if not found then
            raise exception 'field idempotency_key: % was used for another event', quote_literal(idempotency_key) using errcode = 'MT008', hint = 'Use a new key for a new event; repeat an event with exactly the same arguments.';
        end if;
        return v_id;
    end if;
    if exists (select from martlet_data.runs r where r.goal = event.name and r.stopped_at is null) then
        perform martlet_data.reach_goal(name, recipient_key);
    end if;
    if exists (select from martlet_data.journey_triggers t where t.event = event.name) then
        perform martlet_data.tell_journeys(v_id, name, recipient_key, data);
    end if;
    return v_id;
end $$;

comment on function martlet.event is 'A fact about a person, reported in the transaction that makes it so. Where a run or a journey has it as its goal it does what martlet.goal does; it lets people into journeys and wakes those who wait for it. Answers its number; the same key again answers the same number.';
grant execute on function martlet.event(text, text, jsonb, text) to martlet_admin, martlet_producer;

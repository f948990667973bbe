-- after: martlet_data.known_journey, martlet_data.enter_journey, martlet_data.journey_data, martlet_data.person_key
-- By hand, for one person: as if the event had come, without its conditions.
create or replace function martlet.enter_journey(journey text, recipient_key text, data jsonb default '{}') returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    j martlet_data.journeys;
    v_entered boolean;
begin
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    if data is null or jsonb_typeof(data) <> 'object' or pg_column_size(data) > 8192 then
        raise exception 'field data: must be a JSON object of at most 8 KiB' using errcode = 'MT024', hint = 'Give what the event would bring: what steps and templates need.';
    end if;
    j := martlet_data.known_journey(journey);
    v_entered := martlet_data.enter_journey(j.id, martlet_data.person_key(recipient_key), martlet_data.journey_data(recipient_key, data)::json);
    if v_entered then
        insert into martlet_data.audit (action, object, detail) values ('enter_journey', journey, jsonb_build_object('person', martlet_data.mask(recipient_key)));
    end if;
    return v_entered;
end $$;

comment on function martlet.enter_journey is 'Lets a person into a journey by hand. False: re-entry does not allow it.';
grant execute on function martlet.enter_journey(text, text, jsonb) to martlet_admin;

-- after: martlet_data.leave_journey, martlet_data.person_key
-- By hand: the person takes no further step, and what is enqueued is not admitted.
create or replace function martlet.exit_journey(journey text, recipient_key text, why text) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_journey int := (select j.id from martlet_data.journeys j where j.name = journey);
    v_left    boolean;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    if v_journey is null then
        perform martlet_data.known_journey(journey);
    end if;
    v_left := martlet_data.leave_journey(v_journey, null, martlet_data.person_key(recipient_key), 'exited', 'by hand: ' || why);
    if v_left then
        insert into martlet_data.audit (action, object, why, detail) values ('exit_journey', journey, why, jsonb_build_object('person', martlet_data.mask(recipient_key)));
    end if;
    return v_left;
end $$;

comment on function martlet.exit_journey is 'Takes a person out of a journey by hand. False: they were not in.';
grant execute on function martlet.exit_journey(text, text, text) to martlet_admin;

-- after: martlet_data.leave_journey, martlet_data.enter_journey, martlet_data.journey_data, martlet_data.person_key
-- What an event means for journeys, in the transaction of the service that tells it: people reach a goal, leave, are woken from a wait, or enter. Journeys in order of their numbers, so that no two services wait for each other in a circle.
create or replace function martlet_data.tell_journeys(p_event bigint, p_name text, p_recipient_key text, p_data jsonb) returns void
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    t         record;
    v_missing text;
    v_person  text := martlet_data.person_key(p_recipient_key);
begin
    for t in select g.kind, g.journey_id, g.version, g.condition, g.fields, g.version = j.version as is_newest from martlet_data.journey_triggers g
            join martlet_data.journeys j on j.id = g.journey_id where g.event = p_name
            order by g.journey_id, array_position('{goal,exit,await,entry}', g.kind::text), g.version loop
        if t.kind = 'goal' then
            perform martlet_data.leave_journey(t.journey_id, t.version, v_person, 'goal', p_name);
        elsif t.kind = 'exit' then
            perform martlet_data.leave_journey(t.journey_id, t.version, v_person, 'exited', p_name);
        elsif t.kind = 'await' then
            -- A worker that takes the end of the wait has the row: after its commit no row awaits the event any more.
            update martlet_data.journey_people p set arrived = p.arrived || p_event, due_at = least(p.due_at, clock_timestamp())
                where p.journey_id = t.journey_id and p.person = v_person and p.version = t.version and p.state = 'in' and p.awaits = p_name and p.is_waiting;
        elsif t.is_newest and (t.condition is null or coalesce(p_data, '{}') @@ t.condition) then
            select string_agg(f, ', ') into v_missing from unnest(t.fields) f where not coalesce(martlet_data.is_given(coalesce(p_data, '{}') #> string_to_array(f, '.')), false);
            perform martlet_data.enter_journey(t.journey_id, v_person, martlet_data.journey_data(p_recipient_key, p_data)::json, 'the event lacks: ' || v_missing);
        end if;
    end loop;
end $$;

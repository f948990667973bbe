-- after: martlet_data.known_journey
-- From the answered instant on no step of the journey is taken, and no message of it is admitted, whatever workers hold in memory. Due instants pass; people still enter,
-- reach goals and leave.
create or replace function martlet.pause_journey(journey text, why text, out paused_at timestamptz, out people bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    j martlet_data.journeys;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    j := martlet_data.known_journey(journey);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[hashtext('journey:' || j.id)]);
    paused_at := coalesce(j.paused_at, clock_timestamp());
    update martlet_data.journeys o set paused_at = pause_journey.paused_at, paused_by = coalesce(o.paused_by, session_user), pause_reason = coalesce(o.pause_reason, why) where o.id = j.id;
    select count(*) into people from martlet_data.journey_people p where p.journey_id = j.id and p.due_at is not null;
    insert into martlet_data.audit (action, object, why) values ('pause_journey', journey, why);
end $$;

comment on function martlet.pause_journey is 'After paused_at no step of the journey is taken and no message of it is admitted. people: those who are in it.';
grant execute on function martlet.pause_journey(text, text) to martlet_admin;

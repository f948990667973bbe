-- after: martlet_data.known_journey
create or replace function martlet.resume_journey(journey text, why text, out paused_at timestamptz, out late bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    j martlet_data.journeys;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    j := martlet_data.known_journey(journey);
    if j.paused_at is null then
        raise exception 'field journey: % is not paused', quote_literal(journey) using errcode = 'MT036', hint = 'Nothing is to be done; see martlet.journeys for its state.';
    end if;
    paused_at := j.paused_at;
    update martlet_data.journeys o set paused_at = null, paused_by = null, pause_reason = null where o.id = j.id;
    select count(*) into late from martlet_data.journey_people p where p.journey_id = j.id and p.due_at <= clock_timestamp();
    insert into martlet_data.audit (action, object, why) values ('resume_journey', journey, why);
end $$;

comment on function martlet.resume_journey is 'Lets a paused journey go on. late: people whose step has become due meanwhile; workers take it now.';
grant execute on function martlet.resume_journey(text, text) to martlet_admin;

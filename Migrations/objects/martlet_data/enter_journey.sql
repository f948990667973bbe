-- after: martlet_data.cancel_journey_messages
-- A person enters a journey at its first step, if re-entry allows it. False: it does not. p_state: in, or failed with the reason.
-- There is one row for a person: the one that enters last waits for the others, and then judges what they left.
create or replace function martlet_data.enter_journey(p_journey int, p_person text, p_data json, p_problem text default null) returns boolean
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_now timestamptz := clock_timestamp();
    j     martlet_data.journeys;
    p     martlet_data.journey_people;
begin
    select * into j from martlet_data.journeys o where o.id = p_journey;
    insert into martlet_data.journey_people (journey_id, version, person, step, data, due_at, ended_at, state, reason)
        values (j.id, j.version, p_person, j.first_step, p_data, case when p_problem is null then v_now end, case when p_problem is not null then v_now end,
            case when p_problem is null then 'in' else 'failed' end, p_problem) on conflict do nothing;
    if found then
        return true;
    end if;
    select * into p from martlet_data.journey_people o where o.journey_id = j.id and o.person = p_person for update;
    -- A person who failed at the door has not been in.
    if not found or p_problem is not null or not (j.re_entry = 'always' or j.re_entry = 'after_end' and p.state <> 'in' or p.state = 'failed' and not p.is_waiting and p.failures = 0) then
        return false;
    end if;
    perform martlet_data.cancel_journey_messages(j.id, p_person, null);
    update martlet_data.journey_people o set version = j.version, entry = o.entry + 1, step = j.first_step, is_waiting = false, due_at = v_now, until_at = null, entered_at = v_now,
            ended_at = null, goal_at = null, failures = 0, state = 'in', awaits = null, looks_at = null, reason = null, arrived = '{}', resume_at = null, data = p_data
        where o.journey_id = j.id and o.person = p_person;
    return true;
end $$;

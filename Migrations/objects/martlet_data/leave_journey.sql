-- after: martlet_data.cancel_journey_messages
-- A goal or an exit: the person takes no further step, and what is enqueued is not admitted any more. Also for a person whose steps are all taken: the last message
-- may still wait. The person's row is what this and the worker that takes a step race for: the second one sees what the first one did. False: the person was not in.
-- p_version: only people of this version; null: of any.
create or replace function martlet_data.leave_journey(p_journey int, p_version int, p_person text, p_state text, p_reason text) returns boolean
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_now timestamptz := clock_timestamp();
    p     martlet_data.journey_people;
begin
    select * into p from martlet_data.journey_people o where o.journey_id = p_journey and o.person = p_person and (p_version is null or o.version = p_version) for update;
    if not found or p.state not in ('in', 'done') or p_state = 'goal' and p.goal_at is not null then
        return false;
    end if;
    update martlet_data.journey_people o set goal_at = case when p_state = 'goal' then v_now else o.goal_at end,
            state = case when o.state = 'in' then p_state else o.state end, reason = case when o.state = 'in' then p_reason else o.reason end,
            resume_at = o.due_at, due_at = null, ended_at = coalesce(o.ended_at, v_now)
        where o.journey_id = p_journey and o.person = p_person;
    perform martlet_data.cancel_journey_messages(p_journey, p_person, null);
    return p.state = 'in' or p_state = 'goal';
end $$;

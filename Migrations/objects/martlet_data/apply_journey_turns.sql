-- after: martlet_data.take_journey_steps
-- What a worker decided for people it holds (take_journey_people), in its transaction. Where it cannot be done for all, it is done for each half by itself, and so on:
-- in the end only the people for whom it is impossible stay where they are. They try again after a while, ten times; without codes, until there are some.
create or replace function martlet_data.apply_journey_turns(p_journey int, p_turns jsonb[], out done int, out failed int, out problem text)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_half  int := cardinality(p_turns) / 2;
    v_state text;
    v_error text;
    h       record;
begin
    perform martlet_data.commit_durably();
    perform pg_current_xact_id(); -- before the sequence: as in enqueue
    begin
        done := martlet_data.take_journey_steps(p_journey, p_turns);
        failed := 0;
        return;
    exception when others then
        get stacked diagnostics v_state = returned_sqlstate, problem = message_text, v_error = constraint_name;
        -- What has nothing to do with these people: the whole transaction is taken again. A ring that moved on names no constraint.
        if left(v_state, 2) in ('40', '53', '57', '58', 'XX', '55') or v_state = '23514' and v_error = '' then
            raise;
        end if;
    end;
    if v_half > 0 then
        done := 0;
        failed := 0;
        for h in select a.* from (values (p_turns[:v_half]), (p_turns[v_half + 1:])) p(turns) cross join lateral martlet_data.apply_journey_turns(p_journey, p.turns) a loop
            done := done + h.done;
            failed := failed + h.failed;
            problem := coalesce(h.problem, problem);
        end loop;
        return;
    end if;
    done := 0;
    failed := 1;
    update martlet_data.journey_people p set failures = p.failures + (v_state <> 'MT035')::int,
            state = case when p.failures >= 9 and v_state <> 'MT035' then 'failed' else p.state end,
            ended_at = case when p.failures >= 9 and v_state <> 'MT035' then clock_timestamp() end,
            due_at = case when p.failures < 9 or v_state = 'MT035' then clock_timestamp()
                + case v_state when 'MT035' then interval '1 minute' else least(interval '10 seconds' * 2 ^ p.failures, interval '1 hour') end end,
            reason = format('%s (%s)', problem, v_state)
        where p.journey_id = p_journey and p.person = p_turns[1]->>'person' and p.entry = (p_turns[1]->>'entry')::int and p.state = 'in';
end $$;

grant execute on function martlet_data.apply_journey_turns(int, jsonb[]) to martlet_worker;

-- Stores what an operator wrote as the newest version of a journey, if it differs. p: {name, definition, re_entry, audience, steps, triggers: [{event, kind, condition, fields}]}.
-- p_moves: null: people keep their version; else by the name of a step that the newest version does not have the step that they go to, null: they leave. People at a step
-- that it has stay at their step; where the step is another kind of step by now (p_changed), they begin it anew. Answers how many people were moved.
create or replace function martlet_data.apply_journey(p jsonb, p_moves jsonb, p_changed text[], out id int, out version int, out is_new boolean, out moved bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_steps text[] := array(select jsonb_array_elements_text(p->'steps'));
    v_lost  text;
    j       martlet_data.journeys;
begin
    perform martlet_data.commit_durably();
    insert into martlet_data.journeys as o (name, version, re_entry, audience, first_step) values (p->>'name', 0, p->>'re_entry', p->>'audience', v_steps[1])
        on conflict (name) do update set re_entry = excluded.re_entry, audience = excluded.audience, first_step = excluded.first_step returning * into j;
    select v.version into version from martlet_data.journey_versions v where v.journey_id = j.id and v.version = j.version and v.definition = p->>'definition';
    is_new := not found;
    if is_new then
        version := j.version + 1;
        insert into martlet_data.journey_versions (journey_id, version, definition, steps) values (j.id, version, p->>'definition', v_steps);
        insert into martlet_data.journey_triggers (event, kind, journey_id, version, condition, fields)
            select t.event, t.kind, j.id, apply_journey.version, t.condition::jsonpath, t.fields
            from jsonb_to_recordset(p->'triggers') t(event text, kind text, condition text, fields text[]);
        update martlet_data.journeys o set version = apply_journey.version where o.id = j.id;
        insert into martlet_data.audit (action, object, detail) values ('apply_journey', format('%s v%s', j.name, version), p_moves);
    end if;
    id := j.id;
    moved := 0;
    if p_moves is not null then
        -- People keep their place, or go where the file says.
        select o.step into v_lost from martlet_data.journey_people o where o.journey_id = j.id and o.state = 'in' and o.version <> apply_journey.version
            and o.step <> all (v_steps) and not p_moves ? o.step limit 1;
        if found then
            raise exception 'field removed: people are at step %, which the file does not have', quote_literal(v_lost) using errcode = 'MT036',
                hint = format('Write removed: {%s: STEP}, or {%s: end}.', v_lost, v_lost);
        end if;
        update martlet_data.journey_people o set version = apply_journey.version,
                step = case when o.step = any (v_steps) then o.step else coalesce(p_moves->>o.step, o.step) end,
                is_waiting = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.is_waiting else false end,
                due_at = case when o.step = any (v_steps) then case when o.step = any (p_changed) then clock_timestamp() else o.due_at end
                    when p_moves->>o.step is not null then clock_timestamp() end,
                until_at = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.until_at end,
                awaits = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.awaits end,
                looks_at = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.looks_at end,
                state = case when o.step = any (v_steps) or p_moves->>o.step is not null then o.state else 'exited' end,
                reason = case when o.step = any (v_steps) or p_moves->>o.step is not null then null else 'step removed' end,
                ended_at = case when o.step = any (v_steps) or p_moves->>o.step is not null then null else clock_timestamp() end
            where o.journey_id = j.id and o.state = 'in' and o.version <> apply_journey.version;
        get diagnostics moved = row_count;
        if moved > 0 then
            insert into martlet_data.audit (action, object, detail) values ('migrate_journey', format('%s v%s', j.name, version), jsonb_build_object('people', moved));
        end if;
    end if;
end $$;

grant execute on function martlet_data.apply_journey(jsonb, jsonb, text[]) to martlet_admin;

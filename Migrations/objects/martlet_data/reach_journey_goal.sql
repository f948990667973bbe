-- after: martlet_data.leave_journey, martlet_data.person_key
-- martlet.goal for journeys: answers in how many it ended something.
create or replace function martlet_data.reach_journey_goal(p_name text, p_person text) returns int
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_count int := 0;
    t       record;
begin
    for t in select g.journey_id, g.version from martlet_data.journey_triggers g where g.event = p_name and g.kind = 'goal' order by g.journey_id, g.version loop
        if martlet_data.leave_journey(t.journey_id, t.version, martlet_data.person_key(p_person), 'goal', p_name) then
            v_count := v_count + 1;
        end if;
    end loop;
    return v_count;
end $$;

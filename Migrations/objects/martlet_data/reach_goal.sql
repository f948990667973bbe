-- after: martlet_data.person_key
-- In the transaction of the service that tells it: what waits for this person in runs with this goal is taken out, what is enqueued is cancelled. Answers in how many runs.
-- The member's row is what a release and a goal race for: the second one sees what the first one did. A message is held from Admit as by martlet.cancel.
create or replace function martlet_data.reach_goal(p_name text, p_person text) returns int
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_person text := martlet_data.person_key(p_person);
    v_runs   int := 0;
    v_run    int;
    m        martlet_data.run_members;
begin
    for v_run in select r.id from martlet_data.runs r where r.goal = p_name and r.stopped_at is null order by r.id loop
        select * into m from martlet_data.run_members n where n.run_id = v_run and n.person = v_person for update;
        continue when not found or m.state = 3;
        insert into martlet_data.run_goals as g (run_id, place) values (v_run, m.place)
            on conflict (run_id, place) do update set at = excluded.at, undone_at = null where g.undone_at is not null;
        continue when not found;
        v_runs := v_runs + 1;
        if m.state = 0 then
            update martlet_data.run_members n set state = 2, reason = 'goal' where n.run_id = v_run and n.place = m.place;
        elsif m.message_id is not null then
            perform martlet_data.commit_durably();
            perform martlet_data.hold_from_admit(array[7340010], array[hashint8(m.message_id)]);
            insert into martlet_data.cancellations (message_id)
                select m.message_id where not exists (select from martlet_data.receipts r where r.message_id = m.message_id
                    and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) on conflict do nothing;
        end if;
    end loop;
    return v_runs;
end $$;

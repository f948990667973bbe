-- after: martlet_data.person_key, martlet_data.undo_journey_goal
-- The reverse (the order was cancelled). A message whose cancellation no worker has acted on goes on; one that has ended as cancelled was never sent, and its member waits again.
create or replace function martlet.undo_goal(name text, recipient_key text) returns int
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_person text := martlet_data.person_key(recipient_key);
    v_runs   int := 0;
    v_zone   smallint;
    r        martlet_data.runs;
    m        martlet_data.run_members;
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 64);
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    for r in select * from martlet_data.runs o where o.goal = undo_goal.name and o.stopped_at is null order by o.id loop
        select * into m from martlet_data.run_members n where n.run_id = r.id and n.person = v_person for update;
        continue when not found;
        update martlet_data.run_goals g set undone_at = clock_timestamp() where g.run_id = r.id and g.place = m.place and g.undone_at is null;
        continue when not found;
        v_runs := v_runs + 1;
        if m.state = 1 then
            perform martlet_data.commit_durably();
            perform martlet_data.hold_from_admit(array[7340010], array[hashint8(m.message_id)]);
            delete from martlet_data.cancellations c where c.message_id = m.message_id;
            continue when not exists (select from martlet_data.receipts e where e.message_id = m.message_id and e.kind = 'cancelled')
                or exists (select from martlet_data.attempts a where a.message_id = m.message_id);
            delete from martlet_data.idempotency_keys i where i.producer = r.created_by and i.key = format('run:%s:%s', r.id, m.person) and i.message_id = m.message_id;
        elsif m.state <> 2 or m.reason is distinct from 'goal' then
            continue;
        end if;
        update martlet_data.run_members n set state = 0, reason = null, message_id = null where n.run_id = r.id and n.place = m.place;
        continue when exists (select from martlet_data.run_chunks c where c.run_id = r.id and c.released_at is null and m.place between c.first_place and c.last_place);
        select z.zone into v_zone from martlet_data.run_zones z where z.run_id = r.id and m.place between z.first_place and z.first_place + z.members - 1;
        insert into martlet_data.run_chunks (run_id, chunk, zone, first_place, last_place, due_at)
            select r.id, max(c.chunk) + 1, v_zone, m.place, m.place, clock_timestamp() from martlet_data.run_chunks c where c.run_id = r.id;
        update martlet_data.runs o set is_open = true where o.id = r.id and not o.is_open;
    end loop;
    return v_runs + martlet_data.undo_journey_goal(name, recipient_key);
end $$;

comment on function martlet.undo_goal is 'Takes martlet.goal back: the person is in again, in runs that have not been stopped and in journeys. Answers in how many.';
grant execute on function martlet.undo_goal(text, text) to martlet_admin, martlet_producer;

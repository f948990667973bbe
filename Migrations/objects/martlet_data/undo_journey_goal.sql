-- after: martlet_data.person_key
-- The reverse of reach_journey_goal. A message whose cancellation no worker has acted on goes on. One that has ended as cancelled was never sent: its step is taken
-- again, and no step whose message was sent. Answers in how many journeys the person is in again, or has a message again.
create or replace function martlet_data.undo_journey_goal(p_name text, p_person text) returns int
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_person text := martlet_data.person_key(p_person);
    v_now    timestamptz := clock_timestamp();
    v_count  int := 0;
    v_open   bigint[];
    v_unsent bigint[];
    v_step   text;
    v_owner  text;
    v_id     int;
    p        martlet_data.journey_people;
begin
    for v_id in select distinct g.journey_id from martlet_data.journey_triggers g where g.event = p_name and g.kind = 'goal' order by 1 loop
        select * into p from martlet_data.journey_people o where o.journey_id = v_id and o.person = v_person and o.goal_at is not null
            and exists (select from martlet_data.journey_triggers g where g.event = p_name and g.kind = 'goal' and g.journey_id = v_id and g.version = o.version) for update;
        continue when not found;
        v_count := v_count + 1;
        v_open := array(select m.message_id from martlet_data.journey_messages m
            where m.journey_id = v_id and m.person = v_person and m.entry = p.entry and m.message_id is not null order by 1);
        v_step := null;
        if v_open <> '{}' then
            perform martlet_data.commit_durably();
            perform martlet_data.hold_from_admit(array_fill(7340010, array[cardinality(v_open)]), array(select hashint8(u) from unnest(v_open) u));
            delete from martlet_data.cancellations c where c.message_id = any (v_open);
            v_unsent := array(select u.id from unnest(v_open) u(id) where exists (select from martlet_data.receipts r where r.message_id = u.id and r.kind = 'cancelled')
                and not exists (select from martlet_data.attempts a where a.message_id = u.id));
            if v_unsent <> '{}' then
                select m.step into v_step from martlet_data.journey_messages m where m.journey_id = v_id and m.person = v_person and m.entry = p.entry and m.message_id = any (v_unsent)
                    order by m.message_id limit 1;
                select j.owner into v_owner from martlet_data.journeys j where j.id = v_id;
                delete from martlet_data.idempotency_keys i using martlet_data.journey_messages m where m.journey_id = v_id and m.person = v_person and m.entry = p.entry
                    and m.message_id = any (v_unsent) and i.producer = v_owner and i.key = format('journey:%s:%s:%s:%s', v_id, v_person, m.entry, m.step) and i.message_id = m.message_id;
                delete from martlet_data.journey_messages m where m.journey_id = v_id and m.person = v_person and m.entry = p.entry and m.message_id = any (v_unsent);
            end if;
        end if;
        if v_step is not null then
            update martlet_data.journey_people o set goal_at = null, state = 'in', reason = null, ended_at = null, step = v_step, is_waiting = false, due_at = v_now,
                    until_at = null, awaits = null, looks_at = null, arrived = '{}', resume_at = null where o.journey_id = v_id and o.person = v_person;
        else
            update martlet_data.journey_people o set goal_at = null, state = case when o.state = 'goal' then 'in' else o.state end, reason = case when o.state = 'goal' then null else o.reason end,
                    ended_at = case when o.state = 'goal' then null else o.ended_at end, due_at = case when o.state = 'goal' then coalesce(o.resume_at, v_now) end, resume_at = null
                where o.journey_id = v_id and o.person = v_person;
        end if;
    end loop;
    return v_count;
end $$;

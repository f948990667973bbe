-- after: martlet_data.known_run
create or replace function martlet.stop_run(run_id int, why text, out stopped_at timestamptz, out waiting bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.known_run(run_id);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[hashtext('run:' || run_id)]);
    stopped_at := clock_timestamp();
    update martlet_data.runs r set stopped_at = stop_run.stopped_at, stopped_by = session_user, stop_reason = why, is_open = false where r.id = run_id;
    insert into martlet_data.group_cancellations as g (group_key, producer, cancelled_at) values ('run:' || run_id, '*', stopped_at)
        on conflict on constraint group_cancellations_pkey do update set cancelled_at = excluded.cancelled_at;
    select count(*) into waiting from martlet_data.run_members m where m.run_id = stop_run.run_id and m.state = 0;
    insert into martlet_data.audit (action, object, why, detail) values ('stop_run', run_id::text, why, jsonb_build_object('waiting', waiting));
end $$;

comment on function martlet.stop_run is 'For good: nothing more is released or admitted. waiting: members who had not been released; messages that are enqueued end as cancelled.';
grant execute on function martlet.stop_run(int, text) to martlet_admin;

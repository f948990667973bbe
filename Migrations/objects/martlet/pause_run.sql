-- after: martlet_data.known_run
-- Held from Admit as a cancelled group is: from paused_at on no message of the run is admitted, whatever workers hold in memory. The answer counts what was admitted before.
create or replace function martlet.pause_run(run_id int, why text, out paused_at timestamptz, out in_flight bigint, out messages bigint[])
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_group text := 'run:' || run_id;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.known_run(run_id);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[hashtext(v_group)]);
    -- From here to the commit messages of the run wait; after it they see the pause.
    paused_at := clock_timestamp();
    insert into martlet_data.run_pauses (run_id, reason, why, paused_at) values (run_id, 'operator', why, paused_at) on conflict do nothing;
    select count(*), array_agg(l.message_id order by l.message_id) filter (where l.k <= 1000) into in_flight, messages from (
        select l.message_id, row_number() over (order by l.message_id) as k from martlet_data.leased l join martlet_data.messages m on m.id = l.message_id
        where m.group_key = v_group and exists (select from martlet_data.attempts a where a.message_id = l.message_id and a.attempt = l.attempt + 1 offset 0)) l;
    insert into martlet_data.audit (action, object, why, detail) values ('pause_run', run_id::text, why, jsonb_build_object('in_flight', in_flight));
end $$;

comment on function martlet.pause_run is 'After paused_at no message of the run is admitted. in_flight: handed over or about to be when it took hold (the first 1000 of them in messages).';
grant execute on function martlet.pause_run(int, text) to martlet_admin;

-- One batch of a job whose time has come and that no worker is at: at most p_limit messages, with a rate half a second's worth. Everything of it is one transaction:
-- a worker that dies with it has done nothing, and the next one does it. No row: nothing is due. p_job: of this job only. Nothing is requeued while a worker still works
-- by an older policy: it would die again by what has just been mended.
-- after: martlet_data.policy_is_seen
create or replace function martlet_data.work_on_jobs(p_job bigint, p_limit int) returns table (job_id bigint, action text, done int, skipped int, has_ended boolean)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    j      martlet_data.jobs;
    v_size int;
    v_ids  bigint[];
    v_live bigint[];
    v_done int;
begin
    select * into j from martlet_data.jobs k where k.state = 'running' and k.next_at <= clock_timestamp() and (p_job is null or k.id = p_job)
            and (k.action <> 'requeue' or martlet_data.policy_is_seen())
        order by k.next_at limit 1 for update skip locked;
    if not found then
        return;
    end if;
    perform martlet_data.commit_durably();
    -- What its creator may no longer do is not done in that name.
    if not exists (select from pg_roles r where r.rolname = j.created_by and pg_has_role(r.oid, 'martlet_admin', 'member')) then
        perform martlet_data.end_job(j.id, null, j.created_by || ' is not martlet_admin any more');
        insert into martlet_data.audit (action, object, why) values ('stop_job', 'job ' || j.id, j.created_by || ' is not martlet_admin any more');
        return query select j.id, j.action, 0, 0, true;
        return;
    end if;
    v_size := greatest(1, least(p_limit, coalesce(j.per_second / 2, p_limit)));
    v_ids := array(select m.message_id from martlet_data.job_messages m where m.job_id = j.id and m.result is null order by m.message_id limit v_size);
    v_live := array(select d.message_id from martlet_data.dead_letters d join martlet_data.job_messages m on m.job_id = j.id and m.message_id = d.message_id and m.series = d.series
        where d.message_id = any (v_ids) order by d.message_id for update of d);
    update martlet_data.job_messages m set result = 'skipped', at = clock_timestamp(), sqlstate = 'MT012', hint = '"martlet message show" tells what became of it.',
            reason = format(case when m.series is null then 'message %s was not a dead letter' when d.message_id is null then 'message %s is not a dead letter any more'
                else 'message %s was requeued by somebody else, and died again' end, m.message_id)
        from unnest(v_ids) i(id) left join martlet_data.dead_letters d on d.message_id = i.id
        where m.job_id = j.id and m.message_id = i.id and not i.id = any (v_live);
    perform martlet_data.act_on_job(j, v_live);
    select count(*) into v_done from martlet_data.job_messages m where m.job_id = j.id and m.message_id = any (v_ids) and m.result = 'done';
    update martlet_data.jobs k set done = k.done + v_done, skipped = k.skipped + cardinality(v_ids) - v_done,
            -- On average its rate: what was late by less than a second is made up for.
            next_at = case when j.per_second is null then k.next_at
                else greatest(k.next_at, clock_timestamp() - interval '1 second') + cardinality(v_ids) * interval '1 second' / j.per_second end
        where k.id = j.id;
    if not exists (select from martlet_data.job_messages m where m.job_id = j.id and m.result is null) then
        perform martlet_data.end_job(j.id, null, null);
    end if;
    return query select j.id, j.action, v_done, cardinality(v_ids) - v_done, k.state <> 'running' from martlet_data.jobs k where k.id = j.id;
end $$;

grant execute on function martlet_data.work_on_jobs(bigint, integer) to martlet_worker, martlet_admin;

-- The messages that had no result yet are worked on again, in the name of the role that began the job.
create or replace function martlet.resume_job(job_id bigint, why text) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    j martlet_data.jobs;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    select * into j from martlet_data.jobs k where k.id = job_id for update;
    if not found then
        raise exception 'there is no job %', job_id using errcode = 'MT012', hint = 'List them with "martlet jobs list".';
    end if;
    if j.state = 'running' then
        return 'already_running';
    end if;
    if j.state = 'finished' then
        raise exception 'job % has finished: each of its messages has a result', job_id using errcode = 'MT019', hint = 'Begin another one for what is left.';
    end if;
    if j.options ? 'edited_variables' then
        raise exception 'job % had variables of its own, which were erased when it was stopped', job_id using errcode = 'MT019',
            hint = 'Begin another one with the variables; "martlet jobs show" lists the messages that are left.';
    end if;
    perform martlet_data.commit_durably();
    update martlet_data.jobs k set state = 'running', ended_at = null, stopped_by = null, stop_why = null, next_at = clock_timestamp() where k.id = job_id;
    insert into martlet_data.audit (action, object, why) values ('resume_job', 'job ' || job_id, why);
    return 'resumed';
end $$;

comment on function martlet.resume_job is 'resumed | already_running. A job that was stopped goes on with the messages that have no result yet.';
grant execute on function martlet.resume_job(bigint, text) to martlet_admin;

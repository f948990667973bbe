-- Waits for the batch that is being worked on; when it has committed nothing more of the job is done.
create or replace function martlet.stop_job(job_id bigint, why text) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    if martlet_data.end_job(job_id, session_user, why) then
        insert into martlet_data.audit (action, object, why) values ('stop_job', 'job ' || job_id, why);
        return 'stopped';
    end if;
    if exists (select from martlet_data.jobs j where j.id = job_id) then
        return 'already_ended';
    end if;
    raise exception 'there is no job %', job_id using errcode = 'MT012', hint = 'List them with "martlet jobs list".';
end $$;

comment on function martlet.stop_job is 'stopped | already_ended';
grant execute on function martlet.stop_job(bigint, text) to martlet_admin;

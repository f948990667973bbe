-- after: martlet_data.known_run
-- Lifts every pause of a run: an operator's, a guard's, for quota, for a dry pool, for what was refused. That needs an admin; only a dry pool's is lifted by loading codes, too.
-- When what is late goes out is the plan's business (plan_run), which martlet campaigns resume makes anew in the same transaction.
create or replace function martlet.resume_run(run_id int, why text) returns timestamptz
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_since timestamptz;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.known_run(run_id);
    with lifted as (
        update martlet_data.run_pauses p set lifted_at = clock_timestamp(), lifted_by = session_user where p.run_id = resume_run.run_id and p.lifted_at is null returning p.paused_at)
    select min(l.paused_at) into v_since from lifted l;
    if v_since is null then
        raise exception 'field run_id: run % is not paused', run_id using errcode = 'MT022', hint = 'Nothing is to be done; see martlet.runs for its state.';
    end if;
    insert into martlet_data.audit (action, object, why) values ('resume_run', run_id::text, why);
    return v_since;
end $$;

comment on function martlet.resume_run is 'Lifts all pauses of the run; answers since when it was paused.';
grant execute on function martlet.resume_run(int, text) to martlet_admin;

-- after: martlet_data.known_run
create or replace function martlet.approve_run(run_id int, why text default null) returns timestamptz
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    r martlet_data.runs := martlet_data.known_run(run_id);
begin
    if not r.needs_approval or r.approved_at is not null then
        raise exception 'field run_id: run % does not wait for approval', run_id using errcode = 'MT022', hint = 'Nothing is to be done.';
    elsif r.created_by = session_user then
        raise exception 'field run_id: % started run %, so somebody else has to approve it', session_user, run_id using errcode = 'MT022', hint = 'Log in as another admin.';
    end if;
    update martlet_data.runs o set approved_at = clock_timestamp(), approved_by = session_user where o.id = run_id returning o.approved_at into r.approved_at;
    insert into martlet_data.audit (action, object, why) values ('approve_run', run_id::text, why);
    return r.approved_at;
end $$;

comment on function martlet.approve_run is 'The second person for a run that is larger than its campaign lets one person start.';
grant execute on function martlet.approve_run(int, text) to martlet_admin;

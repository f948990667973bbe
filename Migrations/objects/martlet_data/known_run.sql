-- The run, locked against releases and other orders; an error where it is not there, or is over.
create or replace function martlet_data.known_run(p_run int) returns martlet_data.runs
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    r martlet_data.runs;
begin
    select * into r from martlet_data.runs o where o.id = p_run for no key update;
    if not found then
        raise exception 'field run_id: there is no run %', coalesce(p_run::text, 'null') using errcode = 'MT022', hint = 'See martlet.runs, or martlet campaigns list.';
    elsif r.stopped_at is not null then
        raise exception 'field run_id: run % was stopped by % on %', p_run, r.stopped_by, date_trunc('second', r.stopped_at) using errcode = 'MT022', hint = 'What was stopped stays so; start another run.';
    end if;
    return r;
end $$;

-- Runs whose chunks are all released are not looked at any more. By itself, because release holds a run's row shared.
create or replace function martlet_data.close_runs() returns int
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_closed int;
begin
    with done as (select r.id from martlet_data.runs r where r.is_open and not exists (select from martlet_data.run_chunks c where c.run_id = r.id and c.released_at is null) for update skip locked)
    update martlet_data.runs r set is_open = false from done d where r.id = d.id;
    get diagnostics v_closed = row_count;
    return v_closed;
end $$;

grant execute on function martlet_data.close_runs() to martlet_worker;

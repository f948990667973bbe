create or replace function martlet.import_advance(name text, from_line bigint, to_line bigint, enqueued bigint, finished boolean default false) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    update martlet_data.imports i set lines_done = to_line, enqueued = i.enqueued + import_advance.enqueued, advanced_at = clock_timestamp(),
            finished_at = case when finished then clock_timestamp() end
        where i.producer = session_user and i.name = import_advance.name and i.lines_done = from_line and to_line >= from_line;
    if not found then
        raise exception 'import %: another run has moved past line %', quote_literal(name), from_line using errcode = 'MT014', hint = 'Run it once at a time; start again and it continues where the other stopped.';
    end if;
end $$;

grant execute on function martlet.import_advance(text, bigint, bigint, bigint, boolean) to martlet_admin, martlet_producer;

create or replace function martlet.import_begin(name text, digest text) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v martlet_data.imports;
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 512);
    insert into martlet_data.imports (producer, name, digest) values (session_user, name, digest) on conflict do nothing;
    select * into v from martlet_data.imports i where i.producer = session_user and i.name = import_begin.name;
    if v.digest is distinct from digest then
        raise exception 'import %: its beginning differs from the file that was imported under this name on %', quote_literal(name), v.started_at using errcode = 'MT014',
            hint = 'Choose another name for another file.';
    end if;
    return v.lines_done;
end $$;

grant execute on function martlet.import_begin(text, text) to martlet_admin, martlet_producer;

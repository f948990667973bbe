-- Before 0021 it had no arguments.
drop function if exists martlet.import_begin(text, text);
create or replace function martlet.import_begin(name text, digest text, arguments jsonb default null) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v martlet_data.imports;
    v_other text;
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 512);
    if arguments is not null then
        perform martlet_data.check_json('arguments', arguments, 8192);
    end if;
    insert into martlet_data.imports (producer, name, digest, arguments) values (session_user, name, digest, arguments) on conflict do nothing;
    select * into v from martlet_data.imports i where i.producer = session_user and i.name = import_begin.name;
    if v.digest is distinct from digest then
        raise exception 'import %: its beginning differs from the file that was imported under this name on %', quote_literal(name), v.started_at using errcode = 'MT014',
            hint = 'Choose another name for another file.';
    elsif v.lines_done > 0 and v.arguments <> arguments then
        select string_agg(format('%s %s instead of %s', k, coalesce(quote_literal(arguments ->> k), 'none'), coalesce(quote_literal(v.arguments ->> k), 'none')), ', ' order by k) into v_other
            from (select jsonb_object_keys(v.arguments || arguments) as k) n where v.arguments -> k is distinct from arguments -> k;
        raise exception 'import %: % lines of it are in, and this run has %', quote_literal(name), v.lines_done, v_other using errcode = 'MT014',
            hint = 'Use the same values to go on, or another name to import the whole file once more.';
    end if;
    return v.lines_done;
end $$;

grant execute on function martlet.import_begin(text, text, jsonb) to martlet_admin, martlet_producer;

-- after: martlet_data.members_table, martlet.begin_audience, martlet.import_begin
-- Begins an import of people or finds it again. The list is begun once and belongs to the import: a second run of it goes on with the same one. When its list has been
-- replaced, removed or dropped meanwhile, the file is imported anew from its first line.
create or replace function martlet.import_audience(import text, digest text, arguments jsonb, audience text,
        out lines_done bigint, out audience_id int, out is_finished boolean, out members bigint, out rejected bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v martlet_data.audiences;
begin
    lines_done := martlet.import_begin(import, digest, arguments);
    perform from martlet_data.imports i where i.producer = session_user and i.name = import for update;
    select a.* into v from martlet_data.imports i join martlet_data.audiences a on a.id = i.audience_id where i.producer = session_user and i.name = import;
    if v.name <> audience then
        raise exception 'import %: it fills the audience %, not %', quote_literal(import), quote_literal(v.name), quote_literal(audience) using errcode = 'MT014', hint = 'Use another name for this import.';
    end if;
    is_finished := coalesce(v.state = 'ready', false);
    if v.state = 'building' and to_regclass(martlet_data.members_table('audience', v.id)) is not null then
        -- A list that was not filled for a day is dropped.
        update martlet_data.audiences a set changed_at = clock_timestamp() where a.id = v.id;
    elsif not is_finished then
        v.id := martlet.begin_audience(audience);
        lines_done := 0;
        update martlet_data.imports i set audience_id = v.id, lines_done = 0, enqueued = 0, finished_at = null, arguments = import_audience.arguments
            where i.producer = session_user and i.name = import;
    end if;
    audience_id := v.id;
    members := v.members;
    rejected := v.rejected;
end $$;

comment on function martlet.import_audience is 'Begins an import of people, or answers how far it is: insert into martlet.audience_rows and call martlet.import_advance in one transaction; at the end martlet.finish_audience.';
grant execute on function martlet.import_audience(text, text, jsonb, text) to martlet_admin, martlet_producer;

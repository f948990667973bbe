-- after: martlet.begin_audience, martlet.finish_audience, martlet.audience_rows
-- Runs with the caller's rights: the query reads what the caller may read, and only the rows go into Martlet's tables.
create or replace function martlet.create_audience(name text, query text, out members bigint, out rejected bigint)
    language plpgsql volatile as $$
#variable_conflict use_variable
declare
    v_id      int;
    v_columns text[];
    v_unknown text;
    v_known   constant text[] := array['line', 'person', 'sms', 'email', 'addresses', 'locale', 'time_zone', 'tier', 'variables'];
begin
    begin
        execute pg_catalog.format('create temporary table martlet_audience_shape on commit drop as select * from (%s) q with no data', pg_catalog.rtrim(query, E'; \n\t'));
    exception when syntax_error or undefined_table or undefined_column or undefined_function or invalid_schema_name then
        raise exception 'field query: %', sqlerrm using errcode = 'MT021', hint = 'Pass one SELECT that you may run yourself, without a semicolon.';
    end;
    select pg_catalog.array_agg(a.attname::text order by a.attnum) into v_columns from pg_catalog.pg_attribute a
        where a.attrelid = 'pg_temp.martlet_audience_shape'::pg_catalog.regclass and a.attnum > 0;
    drop table pg_temp.martlet_audience_shape;
    select c into v_unknown from pg_catalog.unnest(v_columns) c where c <> all (v_known) limit 1;
    if v_unknown is not null then
        raise exception 'field query: it has a column %, which an audience does not know', pg_catalog.quote_literal(v_unknown) using errcode = 'MT021',
            hint = 'Name the columns person, sms, email, addresses (jsonb by channel), locale, time_zone, tier, variables (json); put everything else into variables.';
    elsif not v_columns && array['sms', 'email', 'addresses'] then
        raise exception 'field query: it has no column sms, email or addresses' using errcode = 'MT021', hint = 'Name at least one column with addresses.';
    end if;
    v_id := martlet.begin_audience(name, query);
    execute pg_catalog.format('insert into martlet.audience_rows (audience_id, %s) select %s, %s from (%s) q',
        (select pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ' order by n) from pg_catalog.unnest(v_columns) with ordinality u(c, n)), v_id,
        (select pg_catalog.string_agg('q.' || pg_catalog.quote_ident(c) || case c when 'line' then '::bigint' when 'addresses' then '::jsonb' when 'variables' then '::json' else '::text' end, ', ' order by n)
            from pg_catalog.unnest(v_columns) with ordinality u(c, n)), pg_catalog.rtrim(query, E'; \n\t'));
    select f.members, f.rejected into members, rejected from martlet.finish_audience(v_id) f;
end $$;

comment on function martlet.create_audience is 'A list of people from a query, read with the caller''s rights in one snapshot; takes the place of a list of the same name.';
grant execute on function martlet.create_audience(text, text) to martlet_admin, martlet_producer;

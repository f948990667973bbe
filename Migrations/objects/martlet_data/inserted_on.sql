-- Rows that were put into a day's partitions, by PostgreSQL's own counters, which follow within a minute.
create or replace function martlet_data.inserted_on(p_day date) returns bigint
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(pg_stat_get_tuples_inserted(to_regclass(format('martlet_data.%s_%s', t, to_char(p_day, 'YYYYMMDD'))))), 0)::bigint
    from unnest(array['messages', 'attempts', 'receipts']) t $$;

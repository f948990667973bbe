-- after: martlet_data.inserted_on
-- Days whose counts are behind, oldest first, at most p_limit. Today and yesterday, as often as takes a fiftieth of the time; earlier ones when something
-- came for them, ten minutes after the last time at the earliest; each once more when it is over.
create or replace function martlet_data.days_to_count(p_limit int) returns setof date
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.day from (
        select to_date(substr(c.relname, 10), 'YYYYMMDD') as day from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'martlet_data' and c.relname ~ '^messages_[0-9]{8}$' and c.relkind = 'r') p
    left join martlet_data.report_days k on k.day = p.day
    where p.day <= (clock_timestamp() at time zone 'UTC')::date and (k.counted_at is null
        or clock_timestamp() > k.counted_at + greatest(interval '20 seconds', k.took * 50) and p.day >= (clock_timestamp() at time zone 'UTC')::date - 1
        or clock_timestamp() > k.counted_at + greatest(interval '10 minutes', k.took * 50)
            and (k.inserted <> martlet_data.inserted_on(p.day) or k.counted_at < (p.day + 1)::timestamp at time zone 'UTC' + interval '1 hour'))
    order by p.day limit p_limit $$;

grant execute on function martlet_data.days_to_count(integer) to martlet_admin, martlet_worker;

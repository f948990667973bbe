-- after: martlet_data.report_difference, martlet_data.report_origin, martlet_data.inserted_on
-- Of the messages enqueued since then, all or those of a group or class: what is counted, and what came since, day by day. To be summed up. Everything is of the
-- snapshot of the statement that calls it.
create or replace function martlet_data.report_parts(p_since timestamptz, p_group text, p_class smallint) returns setof martlet_data.report_counts
    language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_first bigint := martlet_data.first_id(p_since);
    -- The first whole slice.
    v_slice timestamptz := to_timestamp(ceil(extract(epoch from p_since) / 300) * 300);
    v_edge bigint := martlet_data.first_id(v_slice);
    v_today date := (clock_timestamp() at time zone 'UTC')::date;
    v_day date;
    v_from timestamptz;
    v_low bigint;
    v_high bigint;
    d martlet_data.report_days;
begin
    return query select * from martlet_data.report_difference('default', v_first, 9223372036854775807, null, null, null, null, p_group, p_class);
    for v_day in select to_date(substr(c.relname, 10), 'YYYYMMDD') from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'martlet_data' and c.relname ~ '^messages_[0-9]{8}$' and c.relkind = 'r' order by 1 loop
        v_from := v_day::timestamp at time zone 'UTC';
        v_low := martlet_data.first_id(v_from);
        v_high := martlet_data.first_id((v_day + 1)::timestamp at time zone 'UTC');
        continue when v_high <= v_first or v_day > v_today + 1;
        select * into d from martlet_data.report_days k where k.day = v_day and k.counted_xid is not null and k.origin = martlet_data.report_origin();
        if not found then
            return query select * from martlet_data.report_difference(to_char(v_day, 'YYYYMMDD'), greatest(v_low, v_first), v_high, null, null, null, null, p_group, p_class);
            continue;
        end if;
        if v_first > v_low then
            return query select * from martlet_data.report_difference(to_char(v_day, 'YYYYMMDD'), v_first, least(v_edge, v_high), null, null, null, null, p_group, p_class);
        end if;
        return query select * from martlet_data.report_counts c where c.slice >= greatest(v_slice, v_from) and c.slice < v_from + interval '1 day'
            and (p_group is null or c.group_key = p_group) and (p_class is null or c.class_id = p_class);
        if v_edge < v_high and (v_day >= v_today - 1 or d.inserted <> martlet_data.inserted_on(v_day) or d.counted_until < v_from + interval '1 day') then
            return query select * from martlet_data.report_difference(to_char(v_day, 'YYYYMMDD'), greatest(v_low, v_edge), v_high, d.counted_xid, d.counted_until, null, null,
                p_group, p_class);
        end if;
    end loop;
end $$;

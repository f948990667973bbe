-- Makes the daily partitions of messages, attempts, receipts and message_links (by id) and of carrier_ids (by time) up to p_days ahead; returns how many
-- days were new.
create or replace function martlet_data.create_partitions(p_days int) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_day date;
    v_from bigint;
    v_until bigint;
    v_parent text;
    v_made int := 0;
begin
    if p_days not between 0 and 60 then
        raise exception 'days must be 0 … 60, not %', p_days using errcode = 'MT900';
    end if;
    perform pg_advisory_xact_lock(7340001, 2);
    for v_day in select d::date from generate_series((clock_timestamp() at time zone 'UTC')::date - 1, (clock_timestamp() at time zone 'UTC')::date + p_days, interval '1 day') d loop
        continue when to_regclass(format('martlet_data.messages_%s', to_char(v_day, 'YYYYMMDD'))) is not null;
        begin -- each day by itself: one that cannot be made (rows of it came into a default partition before) keeps no other from being made
            v_from := martlet_data.first_id(v_day::timestamp at time zone 'UTC');
            v_until := martlet_data.first_id((v_day + 1)::timestamp at time zone 'UTC');
            foreach v_parent in array array['messages', 'attempts', 'receipts', 'message_links'] loop
                execute format('create table martlet_data.%s_%s (like martlet_data.%1$s including defaults including comments including storage)', v_parent, to_char(v_day, 'YYYYMMDD'));
                execute format('alter table martlet_data.%s attach partition martlet_data.%1$s_%s for values from (%s) to (%s)', v_parent, to_char(v_day, 'YYYYMMDD'), v_from, v_until);
            end loop;
            execute format('create table martlet_data.carrier_ids_%s (like martlet_data.carrier_ids including defaults including comments including storage)', to_char(v_day, 'YYYYMMDD'));
            execute format('alter table martlet_data.carrier_ids attach partition martlet_data.carrier_ids_%s for values from (%L) to (%L)', to_char(v_day, 'YYYYMMDD'),
                v_day::timestamp at time zone 'UTC', (v_day + 1)::timestamp at time zone 'UTC');
            v_made := v_made + 1;
        exception when others then
            raise warning 'the partitions of % cannot be made: %', v_day, sqlerrm;
        end;
    end loop;
    return v_made;
end $$;

grant execute on function martlet_data.create_partitions(integer) to martlet_admin, martlet_worker;

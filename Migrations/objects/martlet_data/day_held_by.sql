-- Why the partitions of one UTC day cannot go yet, in words; null: nothing holds them. p_waiting_only: when its messages and links have been looked at.
create or replace function martlet_data.day_held_by(p_day date, p_waiting_only boolean default false) returns text
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_from bigint := martlet_data.first_id(p_day::timestamp at time zone 'UTC');
    v_until bigint := martlet_data.first_id((p_day + 1)::timestamp at time zone 'UTC');
    v_suffix text := to_char(p_day, 'YYYYMMDD');
    v_last timestamptz;
    v_id bigint;
    v_count bigint;
begin
    if not p_waiting_only then
        execute format('select m.id, m.expires_at from martlet_data.messages_%s m order by m.expires_at desc limit 1', v_suffix) into v_id, v_last;
        if v_last >= clock_timestamp() then
            return format('a message has not expired before %s (message %s)', v_last, v_id);
        end if;
        -- A link works as long as it was promised to.
        if to_regclass('martlet_data.message_links_' || v_suffix) is not null then
            execute format('select l.message_id, l.expires_at from martlet_data.message_links_%s l order by l.expires_at desc limit 1', v_suffix) into v_id, v_last;
            if v_last >= clock_timestamp() then
                return format('a link does not expire before %s (message %s)', v_last, v_id);
            end if;
        end if;
    end if;
    select min(w.message_id), count(*) into v_id, v_count from (
        select r.message_id from martlet_data.ready r where r.message_id >= v_from and r.message_id < v_until
        union all select d.message_id from martlet_data.due d where d.message_id >= v_from and d.message_id < v_until
        union all select l.message_id from martlet_data.leased l where l.message_id >= v_from and l.message_id < v_until) w;
    if v_count > 0 then
        return format('messages still waiting: %s, the first is %s', v_count, v_id);
    end if;
    select min(d.message_id), count(*) into v_id, v_count from martlet_data.dead_letters d where d.message_id >= v_from and d.message_id < v_until;
    if v_count > 0 then
        return format('dead letters kept: %s, the first is %s', v_count, v_id);
    end if;
    return null;
end $$;

grant execute on function martlet_data.day_held_by(date, boolean) to martlet_admin, martlet_worker;

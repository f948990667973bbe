-- Drops the partitions of one UTC day. Text: 'dropped', or why not. Nothing that still waits or is held may refer to them.
create or replace function martlet_data.drop_partitions(p_day date) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_suffix text := to_char(p_day, 'YYYYMMDD');
    v_reason text;
    v_parent text;
begin
    if to_regclass('martlet_data.messages_' || v_suffix) is null then
        return 'no such partition';
    end if;
    perform set_config('lock_timeout', '200ms', true);
    v_reason := martlet_data.day_held_by(p_day);
    if v_reason is not null then
        return v_reason;
    end if;
    begin
        -- First the lock, then the look: an enqueue or a move that is still open holds a conflicting one.
        execute format('lock table martlet_data.messages_%s in access exclusive mode', v_suffix);
    exception when lock_not_available then return 'in use';
    end;
    v_reason := martlet_data.day_held_by(p_day, true);
    if v_reason is not null then
        return v_reason;
    end if;
    begin
        foreach v_parent in array array['messages', 'attempts', 'receipts', 'message_links', 'carrier_ids'] loop
            execute format('drop table if exists martlet_data.%s_%s', v_parent, v_suffix);
        end loop;
    exception when lock_not_available then return 'in use';
    end;
    delete from martlet_data.report_counts c where c.slice >= p_day::timestamp at time zone 'UTC' and c.slice < (p_day + 1)::timestamp at time zone 'UTC';
    delete from martlet_data.report_days k where k.day = p_day;
    delete from martlet_data.report_dead k where k.message_id >= martlet_data.first_id(p_day::timestamp at time zone 'UTC')
        and k.message_id < martlet_data.first_id((p_day + 1)::timestamp at time zone 'UTC');
    return 'dropped';
end $$;

grant execute on function martlet_data.drop_partitions(date) to martlet_admin, martlet_worker;

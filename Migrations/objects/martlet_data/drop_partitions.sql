-- Drops the partitions of one UTC day. Text: 'dropped', or why not. Nothing that still waits or is held may refer to them.
create or replace function martlet_data.drop_partitions(p_day date) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_from bigint := martlet_data.first_id(p_day::timestamp at time zone 'UTC');
    v_until bigint := martlet_data.first_id((p_day + 1)::timestamp at time zone 'UTC');
    v_suffix text := to_char(p_day, 'YYYYMMDD');
    v_last timestamptz;
    v_parent text;
begin
    if to_regclass('martlet_data.messages_' || v_suffix) is null then
        return 'no such partition';
    end if;
    perform set_config('lock_timeout', '200ms', true);
    execute format('select max(expires_at) from martlet_data.messages_%s', v_suffix) into v_last;
    if v_last >= clock_timestamp() then
        return format('a message has not expired before %s', v_last);
    end if;
    -- A link works as long as it was promised to.
    if to_regclass('martlet_data.message_links_' || v_suffix) is not null then
        execute format('select max(expires_at) from martlet_data.message_links_%s', v_suffix) into v_last;
        if v_last >= clock_timestamp() then
            return format('a link does not expire before %s', v_last);
        end if;
    end if;
    begin
        -- First the lock, then the look: an enqueue or a move that is still open holds a conflicting one.
        execute format('lock table martlet_data.messages_%s in access exclusive mode', v_suffix);
    exception when lock_not_available then return 'in use';
    end;
    if exists (select from martlet_data.ready r where r.message_id >= v_from and r.message_id < v_until)
        or exists (select from martlet_data.due d where d.message_id >= v_from and d.message_id < v_until)
        or exists (select from martlet_data.leased l where l.message_id >= v_from and l.message_id < v_until)
        or exists (select from martlet_data.dead_letters d where d.message_id >= v_from and d.message_id < v_until) then
        return 'a waiting, leased or dead message refers to it';
    end if;
    begin
        foreach v_parent in array array['messages', 'attempts', 'receipts', 'message_links', 'carrier_ids'] loop
            execute format('drop table if exists martlet_data.%s_%s', v_parent, v_suffix);
        end loop;
    exception when lock_not_available then return 'in use';
    end;
    return 'dropped';
end $$;

grant execute on function martlet_data.drop_partitions(date) to martlet_admin, martlet_worker;

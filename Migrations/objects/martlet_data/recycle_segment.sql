-- Empties a closed part of a ring (the function's name says segment) that others use. True: it was given back as it is. Each step is a call of its own, so that nothing is held for long:
-- 1. It seems empty: noted. 2. Five seconds later, and once no snapshot is as old, it is empty: its autovacuum is switched on. 3. Autovacuum has been there since
-- and left nothing: it is free. Beside a snapshot of hours autovacuum would read all such parts again and again and clean none.
-- Steps 2 and 3 look under a lock that an open insert, a claim and a running vacuum hold a conflicting one of, and a reader does not.
create or replace function martlet_data.recycle_segment(p_kind text, p_slot smallint) returns boolean
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_name text := format('martlet_data.%s_%s', p_kind, p_slot);
    v_table oid := to_regclass(v_name);
    v_pinned_at timestamptz;
    v_emptied bigint;
    v_is_vacuumed boolean;
    v_found boolean;
begin
    select s.pinned_at, s.emptied_before::text::bigint & 4294967295 into v_pinned_at, v_emptied from martlet_data.segments s where s.kind = p_kind and s.slot = p_slot;
    select coalesce('autovacuum_enabled=on' = any (c.reloptions), false) into v_is_vacuumed from pg_class c where c.oid = v_table;
    if v_pinned_at is null then
        -- What was inserted is dead: by statistics, for one with rows is not to be read through twice a second. They may be wrong, hence the dice: every few minutes.
        if pg_stat_get_dead_tuples(v_table) >= pg_stat_get_ins_since_vacuum(v_table) or random() < 0.002 then
            update martlet_data.segments s set pinned_at = clock_timestamp(), emptied_before = pg_snapshot_xmax(pg_current_snapshot())
                where s.kind = p_kind and s.slot = p_slot;
        end if;
        return false;
    elsif v_is_vacuumed then
        -- Rows that somebody's snapshot may still see are counted as dead: autovacuum comes again for them.
        if pg_stat_get_dead_tuples(v_table) > 0
            or (greatest(pg_stat_get_last_autovacuum_time(v_table), pg_stat_get_last_vacuum_time(v_table)) > v_pinned_at) is not true then
            return false;
        end if;
    elsif v_pinned_at > clock_timestamp() - interval '5 seconds' or exists (
            -- Older, though numbers of 32 bits begin anew: half of them lie before each one.
            select from pg_stat_activity a cross join lateral (values (a.backend_xmin), (a.backend_xid)) o(xid)
            where a.pid <> pg_backend_pid() and (a.datid is null or a.datid = (select d.oid from pg_database d where d.datname = current_database()))
                and (v_emptied - o.xid::text::bigint + 4294967296) % 4294967296 between 1 and 2147483647) then
        return false;
    end if;
    -- First a look that disturbs no session, for it may read many dead rows; then the lock, and a fresh statement that sees all that committed before it.
    execute format('select exists (select from %s)', v_name) into v_found;
    begin
        if not v_found then
            execute format('lock table %s in share row exclusive mode nowait', v_name);
            execute format('select exists (select from %s)', v_name) into v_found;
        end if;
    exception when lock_not_available then v_found := true; -- an open insert, a claim or a vacuum has it
    end;
    if v_found and not v_is_vacuumed then
        update martlet_data.segments s set pinned_at = null where s.kind = p_kind and s.slot = p_slot;
    elsif not v_found and v_is_vacuumed then
        execute format('alter table %s set (autovacuum_enabled = off)', v_name);
        update martlet_data.segments s set is_free = true, pinned_at = null, reused_pages = pg_relation_size(v_table) / 8192
            where s.kind = p_kind and s.slot = p_slot;
        return true;
    elsif not v_found then
        -- No ANALYZE: statistics of this moment would be those of the hot statements when it is full. No truncation: it would try for the lock that cannot be had.
        execute format('alter table %s set (autovacuum_enabled = on, autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, '
            'autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_threshold = 2147483647, '
            'vacuum_index_cleanup = on, vacuum_truncate = off)', v_name);
        update martlet_data.segments s set pinned_at = clock_timestamp() where s.kind = p_kind and s.slot = p_slot;
    end if;
    return false;
end $$;

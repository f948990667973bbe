-- Gives an empty part of a ring back (the function's name says segment). False: in use, pinned by a reader, or not empty. Never waits for a lock.
create or replace function martlet_data.retire_segment(p_kind text, p_slot smallint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_name text;
    v_lane smallint;
    v_is_free boolean;
    v_cursor regclass;
    v_found boolean;
begin
    perform pg_advisory_xact_lock(7340001, 1); -- against advance_segment choosing this one meanwhile
    select s.lane, s.is_free into v_lane, v_is_free from martlet_data.segments s where s.kind = p_kind and s.slot = p_slot;
    if not found then
        raise exception 'no part % %', p_kind, p_slot using errcode = 'MT900';
    end if;
    v_cursor := case p_kind when 'leased' then 'martlet_data.leased_cursor'::regclass when 'due' then 'martlet_data.due_cursor'::regclass
        else (select l.cursor from martlet_data.lanes l where l.lane = v_lane) end;
    if pg_sequence_last_value(v_cursor) & 4095 = p_slot then
        return false;
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'retire_segment needs READ COMMITTED: an older snapshot would not see a row that committed before the lock' using errcode = 'MT900';
    end if;
    v_name := format('martlet_data.%s_%s', p_kind, p_slot);
    begin
        execute format('lock table %s in access exclusive mode nowait', v_name);
    exception when lock_not_available then -- an open insert, a claim or a reader has it
        if v_is_free then
            return false;
        end if;
        return martlet_data.recycle_segment(p_kind, p_slot);
    end;
    -- A fresh statement at READ COMMITTED: it sees everything that committed before the lock was ours.
    execute format('select exists (select from %s)', v_name) into v_found;
    if v_found then
        return false;
    end if;
    execute format('truncate %s', v_name);
    if exists (select from pg_class c where c.oid = to_regclass(v_name) and 'autovacuum_enabled=on' = any (c.reloptions)) then
        execute format('alter table %s set (autovacuum_enabled = off)', v_name);
    end if;
    update martlet_data.segments s set is_free = true, pinned_at = null, reused_pages = 0 where s.kind = p_kind and s.slot = p_slot;
    return true;
end $$;

grant execute on function martlet_data.retire_segment(text, smallint) to martlet_admin, martlet_worker;

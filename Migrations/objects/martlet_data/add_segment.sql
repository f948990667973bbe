create or replace function martlet_data.add_segment(p_kind text, p_lane smallint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_slot smallint;
    v_name text;
begin
    if p_kind not in ('ready', 'leased', 'due') then
        raise exception 'unknown kind of ring %', quote_literal(p_kind) using errcode = 'MT900';
    end if;
    perform pg_advisory_xact_lock(7340001, 0); -- two growers must not choose one number
    select coalesce(max(s.slot) + 1, 1) into v_slot from martlet_data.segments s where s.kind = p_kind;
    v_name := format('martlet_data.%s_%s', p_kind, v_slot);
    -- Made alone and attached: CREATE … PARTITION OF would lock the parent against every enqueue.
    execute format('create table %s (like martlet_data.%s including defaults including comments) with (autovacuum_enabled = off, fillfactor = 100)', v_name, p_kind);
    if p_kind = 'ready' then
        execute format('create index on %s (seq)', v_name);
    elsif p_kind = 'due' then
        execute format('create index on %s (due_at)', v_name);
        execute format('create index on %s (message_id)', v_name);
    end if;
    execute format('grant select, insert, update, delete on %s to martlet_worker', v_name);
    execute format('grant select on %s to martlet_admin', v_name);
    execute format('alter table martlet_data.%s attach partition %s for values in (%s)', p_kind, v_name, v_slot);
    insert into martlet_data.segments (kind, lane, slot) values (p_kind, case when p_kind = 'ready' then p_lane else 0 end, v_slot);
    return v_slot;
end $$;

grant execute on function martlet_data.add_segment(text, smallint) to martlet_admin, martlet_worker;

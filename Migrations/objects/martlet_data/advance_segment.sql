-- Points appends of a ring at a free part (the function's name says segment) and returns its number. It never points at a part of its own making: setval does not wait
-- for the commit that makes the partition visible, and every enqueue until then would fail. So it grows the ring ahead, for the next time.
create or replace function martlet_data.advance_segment(p_kind text, p_lane smallint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_slot smallint;
    v_generation bigint;
    v_cursor regclass;
begin
    perform pg_advisory_xact_lock(7340001, 1);
    select s.slot into v_slot from martlet_data.segments s
        where s.kind = p_kind and s.is_free and (p_kind <> 'ready' or s.lane = p_lane) order by s.generation, s.slot limit 1;
    v_cursor := case p_kind when 'leased' then 'martlet_data.leased_cursor'::regclass when 'due' then 'martlet_data.due_cursor'::regclass
        else (select l.cursor from martlet_data.lanes l where l.lane = p_lane) end;
    if v_slot is null then
        perform martlet_data.add_segment(p_kind, p_lane);
        return (pg_sequence_last_value(v_cursor) & 4095)::smallint;
    end if;
    select coalesce(max(s.generation), 0) + 1 into v_generation from martlet_data.segments s
        where s.kind = p_kind and (p_kind <> 'ready' or s.lane = p_lane);
    update martlet_data.segments s set is_free = false, generation = v_generation where s.kind = p_kind and s.slot = v_slot;
    perform setval(v_cursor, v_generation << 12 | v_slot);
    if not exists (select from martlet_data.segments s where s.kind = p_kind and s.is_free and (p_kind <> 'ready' or s.lane = p_lane)) then
        perform martlet_data.add_segment(p_kind, p_lane);
    end if;
    return v_slot;
end $$;

grant execute on function martlet_data.advance_segment(text, smallint) to martlet_admin, martlet_worker;

-- The second half of a start, and a plan that is made anew: which places are released when, and which are skipped because their window has been missed. Chunks that are
-- not released yet are replaced.
create or replace function martlet_data.plan_run(p_run int, p_zones smallint[], p_firsts bigint[], p_lasts bigint[], p_dues timestamptz[], p_skips boolean[]) returns int
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_last int;
    v_old  bigint;
begin
    if not martlet_data.is_admin() then
        raise exception 'only admins plan a run' using errcode = '42501';
    end if;
    perform from martlet_data.runs r where r.id = p_run for no key update; -- no release is under way
    select coalesce(max(c.chunk), 0) into v_last from martlet_data.run_chunks c where c.run_id = p_run and c.released_at is not null;
    with gone as (delete from martlet_data.run_chunks c where c.run_id = p_run and c.released_at is null returning c.last_place - c.first_place + 1 as members)
        select sum(g.members) into v_old from gone g;
    if v_old is null and not exists (select from martlet_data.run_chunks c where c.run_id = p_run) then
        select r.members into v_old from martlet_data.runs r where r.id = p_run;
    end if;
    insert into martlet_data.run_chunks (run_id, chunk, zone, first_place, last_place, due_at, released_at, released, skipped)
        select p_run, v_last + row_number() over (order by i.due, i.first), i.zone, i.first, i.last, i.due, case when i.skip then clock_timestamp() end, case when i.skip then 0 end, case when i.skip then i.last - i.first + 1 end
        from unnest(p_zones, p_firsts, p_lasts, p_dues, p_skips) i(zone, first, last, due, skip);
    update martlet_data.run_members m set state = 2, reason = 'missed_window' from unnest(p_firsts, p_lasts, p_skips) i(first, last, skip)
        where i.skip and m.run_id = p_run and m.place between i.first and i.last and m.state = 0;
    -- As many members as before, at first all; and no two ranges of them overlap.
    if (select sum(i.last - i.first + 1) from unnest(p_firsts, p_lasts) i(first, last)) is distinct from v_old
        or exists (select from (select i.first, lag(i.last) over (order by i.first) as before from unnest(p_firsts, p_lasts) i(first, last)) i where i.first <= i.before) then
        raise exception 'the chunks of run % do not hold each member once', p_run using errcode = 'MT900';
    end if;
    update martlet_data.runs r set is_open = exists (select from martlet_data.run_chunks c where c.run_id = p_run and c.released_at is null) where r.id = p_run;
    return (select count(*) from martlet_data.run_chunks c where c.run_id = p_run);
end $$;

grant execute on function martlet_data.plan_run(int, smallint[], bigint[], bigint[], timestamptz[], boolean[]) to martlet_admin;

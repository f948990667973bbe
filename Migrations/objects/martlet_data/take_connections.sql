-- How many connections to the provider this session may have from now on: its part of what the live workers share evenly, as far as others have given theirs back.
-- p_needed: those that it has open, or may have opened since it last heard; it keeps at least their slots, so that the sum over all workers never exceeds the limit.
-- What a session that has ended or was fenced held is free.
create or replace function martlet_data.take_connections(p_provider text, p_limit int, p_session int, p_needed int, p_most int) returns int
    language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_workers int;
    v_before  int;
    v_target  int;
    v_held    int;
begin
    perform pg_advisory_xact_lock(7340008, hashtext(p_provider)); -- the statements below see what those before committed
    delete from martlet_data.connection_slots c where c.provider = p_provider
        and not exists (select from martlet_data.sessions s where s.id = c.session and s.ended_at is null and s.fenced_at is null);
    select count(*), count(*) filter (where s.id < p_session) into v_workers, v_before from martlet_data.sessions s
        where s.ended_at is null and s.fenced_at is null and s.beat_at > clock_timestamp() - interval '10 seconds' and (not s.is_draining or s.id = p_session);
    v_target := least(p_most, p_limit / greatest(v_workers, 1) + case when v_before < p_limit % greatest(v_workers, 1) then 1 else 0 end);
    select count(*) into v_held from martlet_data.connection_slots c where c.provider = p_provider and c.session = p_session;
    if v_held > greatest(v_target, p_needed) then
        delete from martlet_data.connection_slots c where c.provider = p_provider and c.slot in (
            select d.slot from martlet_data.connection_slots d where d.provider = p_provider and d.session = p_session order by d.slot desc limit v_held - greatest(v_target, p_needed));
        v_held := greatest(v_target, p_needed);
    elsif v_held < v_target then
        insert into martlet_data.connection_slots (provider, slot, session)
            select p_provider, n, p_session from generate_series(1, p_limit) n
            where not exists (select from martlet_data.connection_slots c where c.provider = p_provider and c.slot = n)
                -- Of a limit that was higher before, slots beyond it may still be held.
                and (select count(*) from martlet_data.connection_slots c where c.provider = p_provider) < p_limit
            order by n limit least(v_target - v_held, p_limit - (select count(*) from martlet_data.connection_slots c where c.provider = p_provider));
        select count(*) into v_held from martlet_data.connection_slots c where c.provider = p_provider and c.session = p_session;
    end if;
    return least(v_held, v_target);
end $$;

grant execute on function martlet_data.take_connections(text, integer, integer, integer, integer) to martlet_worker;

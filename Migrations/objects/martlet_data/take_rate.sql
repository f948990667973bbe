-- Gives out the next stretch of a provider's line: granted segments, the first of which may leave "ahead" seconds from now and each other one 1/rate later. None while
-- the line is given out further than p_horizon: then somebody asks again when it is not.
create or replace function martlet_data.take_rate(p_provider text, p_rate float8, p_want int, p_need int, p_horizon float8, out granted int, out ahead float8)
    language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_now  timestamptz;
    v_tail timestamptz;
begin
    -- One after another; each statement below sees what those before committed.
    perform pg_advisory_xact_lock(7340007, hashtext(p_provider));
    v_now := clock_timestamp();
    -- What lies further ahead was granted before the clock was set back.
    select g.until into v_tail from martlet_data.rate_grants g where g.provider = p_provider and g.until < v_now + interval '1 hour' order by g.until desc limit 1;
    v_tail := greatest(v_tail, v_now);
    ahead := extract(epoch from v_tail - v_now);
    granted := 0;
    if ahead < p_horizon then
        granted := greatest(p_need, least(p_want, ceil((p_horizon - ahead) * p_rate)::int));
        insert into martlet_data.rate_grants (provider, until) values (p_provider, v_tail + make_interval(secs => granted / p_rate));
        if random() < 0.02 then
            delete from martlet_data.rate_grants g where g.provider = p_provider and g.until < v_now - interval '10 seconds';
        end if;
    end if;
end $$;

grant execute on function martlet_data.take_rate(text, double precision, integer, integer, double precision) to martlet_worker;

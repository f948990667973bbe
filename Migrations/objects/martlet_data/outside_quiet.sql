-- The first instant from p_at on that is outside quiet hours in a zone; minutes after local midnight, from > until wraps midnight.
create or replace function martlet_data.outside_quiet(p_at timestamptz, p_zone text, p_from int, p_until int) returns timestamptz
    language sql stable parallel safe as $$
    select case
        when p_from is null or p_from = p_until then p_at
        when p_from < p_until and (martlet_data.minute_of_day(p_at at time zone p_zone) < p_from or martlet_data.minute_of_day(p_at at time zone p_zone) >= p_until) then p_at
        when p_from > p_until and martlet_data.minute_of_day(p_at at time zone p_zone) >= p_from then ((p_at at time zone p_zone)::date + 1 + make_interval(mins => p_until)) at time zone p_zone
        when p_from > p_until and martlet_data.minute_of_day(p_at at time zone p_zone) >= p_until then p_at
        else ((p_at at time zone p_zone)::date + make_interval(mins => p_until)) at time zone p_zone end $$;

grant execute on function martlet_data.outside_quiet(timestamp with time zone, text, integer, integer) to martlet_admin, martlet_worker;

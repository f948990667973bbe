-- The next instant at which quiet hours begin (null: never): the provider may deliver until then.
create or replace function martlet_data.next_quiet(p_at timestamptz, p_zone text, p_from int, p_until int) returns timestamptz
    language sql stable parallel safe as $$
    select case when p_from is null or p_from = p_until then null
        when martlet_data.minute_of_day(p_at at time zone p_zone) < p_from then ((p_at at time zone p_zone)::date + make_interval(mins => p_from)) at time zone p_zone
        else ((p_at at time zone p_zone)::date + 1 + make_interval(mins => p_from)) at time zone p_zone end $$;

grant execute on function martlet_data.next_quiet(timestamp with time zone, text, integer, integer) to martlet_admin, martlet_worker;

-- The journey, locked against the workers that take its steps and against other orders; an error where it is not there.
create or replace function martlet_data.known_journey(p_name text) returns martlet_data.journeys
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    j martlet_data.journeys;
begin
    select * into j from martlet_data.journeys o where o.name = p_name for no key update;
    if not found then
        raise exception 'field journey: there is no journey %', coalesce(quote_literal(p_name), 'null') using errcode = 'MT036',
            hint = (select martlet_data.did_you_mean(p_name, array_agg(o.name)) from martlet_data.journeys o) || 'See martlet.journeys, or martlet journeys list.';
    end if;
    return j;
end $$;

-- One expression each, without a FROM, so that the planner puts them in place: called as functions they cost a tenth of a millisecond.
create or replace function martlet_data.minute_of_day(p_local timestamp) returns int
    language sql immutable parallel safe as $$
    select extract(hour from p_local)::int * 60 + extract(minute from p_local)::int $$;

grant execute on function martlet_data.minute_of_day(timestamp without time zone) to martlet_admin, martlet_worker;

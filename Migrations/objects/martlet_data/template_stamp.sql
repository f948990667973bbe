-- Changes with every template that is pushed; the same text for every session, whatever its time zone.
create or replace function martlet_data.template_stamp() returns text
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- Each worker asks once a second: plpgsql keeps the plan, a function in SQL makes one at every call.
    return (select count(*) || ' ' || coalesce(extract(epoch from max(t.pushed_at))::text, '-') from martlet_data.templates t);
end $$;

grant execute on function martlet_data.template_stamp() to martlet_worker, martlet_admin, martlet_gateway;

-- Takes away the first hit that is old enough to be judged, when judging it is refused; answers its message, null: there is none.
create or replace function martlet_data.drop_visit() returns bigint
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    delete from martlet_data.link_visits v where v.id = (
        select r.id from martlet_data.link_visits r where r.at < clock_timestamp() - interval '3 seconds' order by r.id limit 1 for update skip locked)
    returning v.message_id $$;

grant execute on function martlet_data.drop_visit() to martlet_gateway;

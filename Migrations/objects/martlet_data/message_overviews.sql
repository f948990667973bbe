-- after: martlet.message_status
-- States of these messages: martlet.message_status, looked up by keys however many there are. What is leased has no index by message: it is looked through once
-- for all of them, and never once for each.
create or replace function martlet_data.message_overviews(p_ids bigint[]) returns setof martlet.message_status
    language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_mergejoin = off set enable_material = off as $$
    select * from martlet.message_status s where s.message_id = any (p_ids);
$$;

grant execute on function martlet_data.message_overviews(bigint[]) to martlet_admin;

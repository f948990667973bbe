create or replace function martlet.cluster_of(p_message_id bigint) returns int
    language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    select case when p_message_id >= c.since_id then (p_message_id >> 16 & 63)::int else 0 end from martlet_data.cluster c $$;

comment on function martlet.cluster_of is 'The number of the cluster that gave this id. Ids that are older than cluster numbers belong to cluster 0.';
grant execute on function martlet.cluster_of(bigint) to martlet_admin, martlet_producer, martlet_reader, martlet_worker;

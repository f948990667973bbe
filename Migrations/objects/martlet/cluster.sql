create or replace view martlet.cluster as
    select c.number::int as number, c.since_id, martlet.created_at(c.since_id) as since, c.set_by from martlet_data.cluster c;

comment on view martlet.cluster is 'The number of this cluster (0 … 63), and the first id that could carry it. Null: all ids belong to cluster 0.';
grant select on martlet.cluster to martlet_admin, martlet_reader, martlet_worker;

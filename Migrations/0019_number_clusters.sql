-- Why: ids say which cluster gave them: 6 bits below the milliseconds. The 16 bits below are the sequence's. Ids of before belong to cluster 0.
-- Locks: ACCESS EXCLUSIVE on martlet_data.enqueue_places, for a moment. Compatible: yes.
set local role martlet_owner;

create table martlet_data.cluster (
    is_only   boolean     not null default true primary key check (is_only),
    number    smallint    not null default 0 check (number between 0 and 63),
    since_id  bigint,
    since_seq bigint,
    set_at    timestamptz,
    set_by    text collate "C"
);
comment on table martlet_data.cluster is 'One row: the number of this cluster, set by martlet.set_cluster.';
comment on column martlet_data.cluster.since_id is 'The first id that could carry a number. Lower ids belong to cluster 0, whatever their bits are. Null: no number was ever set, all ids belong to cluster 0.';
comment on column martlet_data.cluster.since_seq is 'Where message_seq stood when the number was set: once it has moved, the number stays.';
insert into martlet_data.cluster default values;

-- Beside what enqueue reads anyway: number << 16. The trigger keeps it.
alter table martlet_data.enqueue_places add column cluster_bits bigint not null default 0;
create trigger refresh_enqueue_places after update on martlet_data.cluster for each statement execute function martlet_data.refresh_enqueue_places();

create or replace function martlet_data.refresh_enqueue_places() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- One at a time: two that each see only their own change would leave a table that knows half.
    lock table martlet_data.enqueue_places in share row exclusive mode;
    with wanted as materialized (
        select t.key as template, c.name as class, h.name as channel, c.id as class_id, h.id as channel_id, h.address_kind, l.lane, l.cursor, c.time_to_live,
            (select k.number::bigint << 16 from martlet_data.cluster k) as cluster_bits
        from martlet_data.classes c join martlet_data.lanes l on l.lane = c.lane,
            (select distinct t.key, t.channel from martlet_data.templates t where t.retired_at is null) t
            join martlet_data.channels h on h.name = t.channel and h.retired_at is null
        where c.retired_at is null),
    gone as (
        delete from martlet_data.enqueue_places p where not exists (
            select from wanted w where w.template = p.template and w.class = p.class and w.channel = p.channel))
    insert into martlet_data.enqueue_places select * from wanted
        on conflict (template, class, channel) do update set class_id = excluded.class_id, channel_id = excluded.channel_id, address_kind = excluded.address_kind,
            lane = excluded.lane, cursor = excluded.cursor, time_to_live = excluded.time_to_live, cluster_bits = excluded.cluster_bits
        where enqueue_places is distinct from excluded;
    return null;
end $$;

-- Of the messages that were enqueued within `since` (at most a day) before the time of their receipts was up: by provider.
create or replace function martlet.missing_receipts_since(since interval) returns table (provider text, receipt_within interval, accepted bigint, missing bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set work_mem = '64MB' as $$
    with bounds as materialized (
        select p.provider, p.receipt_within, clock_timestamp() - p.receipt_within as time_up,
            martlet_data.first_id(clock_timestamp() - p.receipt_within - least(greatest(since, interval '1 second'), interval '1 day')) as first,
            martlet_data.first_id(clock_timestamp() - p.receipt_within) as last
        from martlet_data.receipt_promises p),
    hand_overs as (
        select r.provider, r.message_id, min(r.at) filter (where r.kind = 'accepted') as accepted_at, bool_or(r.kind in ('delivered', 'undelivered')) as told
        from martlet_data.receipts r
        where r.message_id >= (select min(b.first) from bounds b) and r.message_id < (select max(b.last) from bounds b)
            and r.kind in ('accepted', 'delivered', 'undelivered') and r.provider is not null and r.attempt is not null
        group by r.message_id, r.attempt, r.provider)
    select b.provider, b.receipt_within, count(h.message_id), count(h.message_id) filter (where not h.told)
    from bounds b left join hand_overs h on h.provider = b.provider and h.message_id >= b.first and h.message_id < b.last and h.accepted_at < b.time_up
    group by b.provider, b.receipt_within order by b.provider $$;

alter function martlet.missing_receipts_since set enable_hashagg = off;
alter function martlet.missing_receipts_since set enable_bitmapscan = off;
grant execute on function martlet.missing_receipts_since(interval) to martlet_admin, martlet_reader;

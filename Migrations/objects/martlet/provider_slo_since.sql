create or replace function martlet.provider_slo_since(since interval) returns table (provider text, accepted bigint, delivered bigint, undelivered bigint, delivered_share numeric,
        reported_share numeric)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set work_mem = '64MB' as $$
    with bounds as materialized (
        select martlet_data.first_id(clock_timestamp() - least(greatest(since, interval '1 second'), interval '1 day')) as first),
    hand_overs as (
        select r.provider, bool_or(r.kind = 'delivered') as delivered, bool_or(r.kind = 'undelivered') as undelivered
        from martlet_data.receipts r
        where r.message_id >= (select first from bounds) and r.kind in ('accepted', 'delivered', 'undelivered') and r.provider is not null and r.attempt is not null
        group by r.message_id, r.attempt, r.provider),
    counted as (
        select h.provider, count(*) as accepted, count(*) filter (where h.delivered) as delivered, count(*) filter (where h.undelivered and not h.delivered) as undelivered
        from hand_overs h group by h.provider)
    select c.provider, c.accepted, c.delivered, c.undelivered, trunc(c.delivered::numeric / nullif(c.delivered + c.undelivered, 0), 5),
        trunc((c.delivered + c.undelivered)::numeric / c.accepted, 5)
    from counted c order by c.provider $$;

alter function martlet.provider_slo_since set enable_hashagg = off;
alter function martlet.provider_slo_since set enable_bitmapscan = off;
grant execute on function martlet.provider_slo_since(interval) to martlet_admin, martlet_reader;

-- Carriers bill what they accepted: an attempt counts when its provider said accepted, delivered or undelivered of it. In doubt are those
-- without an answer or with an unknown one. Bounded by when messages were enqueued, because the days' partitions are by that.
-- By day of their own: nothing has an index on times, which would cost every message.
create or replace function martlet.provider_usage(since timestamptz, enqueued_since timestamptz default null) returns table (provider text, currency text, sent bigint,
        accepted bigint, delivered bigint, undelivered bigint, refused bigint, in_doubt bigint, segments bigint, cost_micros numeric, in_doubt_micros numeric, unpriced bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set work_mem = '64MB' as $$
    with handed as materialized (
        select a.message_id, a.attempt, a.provider, a.segments, a.cost_micros, a.currency from martlet_data.attempts a
        where a.message_id >= martlet_data.first_id(coalesce(enqueued_since, since - interval '8 days')) and a.admitted_at >= since),
    said as materialized (
        select r.message_id, r.attempt, bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as accepted, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind in ('deferred', 'rejected')) as refused
        from martlet_data.receipts r
        where r.message_id >= martlet_data.first_id(coalesce(enqueued_since, since - interval '8 days')) and r.at >= since and r.attempt is not null
        group by r.message_id, r.attempt),
    judged as (
        select h.provider, h.currency, h.segments, h.cost_micros, coalesce(s.accepted, false) as accepted, coalesce(s.delivered, false) as delivered,
            coalesce(s.undelivered and not s.delivered, false) as undelivered, coalesce(s.refused and not s.accepted, false) as refused
        from handed h left join said s on s.message_id = h.message_id and s.attempt = h.attempt)
    select j.provider, j.currency, count(*), count(*) filter (where j.accepted), count(*) filter (where j.delivered), count(*) filter (where j.undelivered),
        count(*) filter (where j.refused), count(*) filter (where not j.accepted and not j.refused), coalesce(sum(j.segments) filter (where j.accepted), 0),
        coalesce(sum(j.cost_micros) filter (where j.accepted), 0), coalesce(sum(j.cost_micros) filter (where not j.accepted and not j.refused), 0),
        count(*) filter (where j.accepted and j.cost_micros is null)
    from judged j group by j.provider, j.currency order by j.provider, j.currency $$;

comment on function martlet.provider_usage is 'Hand-overs admitted since then, of messages enqueued at most 8 days before that (or since enqueued_since), by provider and currency.';
grant execute on function martlet.provider_usage(timestamp with time zone, timestamp with time zone) to martlet_admin, martlet_reader;

-- What the same messages cost, by class, provider and currency: each hand-over by itself, as it is billed.
create or replace function martlet.report_costs(since timestamptz, group_key text default null, class text default null)
        returns table (class_name text, provider text, currency text, accepted bigint, delivered bigint, undelivered bigint, in_doubt bigint, segments bigint,
            cost_micros numeric, in_doubt_micros numeric, unpriced bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set work_mem = '64MB' as $$
    with chosen as materialized (
        select m.id, m.class_id from martlet_data.messages m
        where m.id >= martlet_data.first_id(report_costs.since) and (report_costs.group_key is null or m.group_key = report_costs.group_key)
            and (report_costs.class is null or m.class_id = (select c.id from martlet_data.classes c where c.name = report_costs.class))),
    said as materialized (
        select r.message_id, r.attempt, bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as accepted, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind in ('deferred', 'rejected')) as refused
        from martlet_data.receipts r where r.message_id >= martlet_data.first_id(report_costs.since) and r.attempt is not null group by r.message_id, r.attempt),
    judged as (
        select c.class_id, a.provider, a.currency, a.segments, a.cost_micros, coalesce(s.accepted, false) as accepted, coalesce(s.delivered, false) as delivered,
            coalesce(s.undelivered and not s.delivered, false) as undelivered, coalesce(s.refused and not s.accepted, false) as refused
        from chosen c join martlet_data.attempts a on a.message_id = c.id left join said s on s.message_id = a.message_id and s.attempt = a.attempt
        where a.message_id >= martlet_data.first_id(report_costs.since))
    select k.name, j.provider, j.currency, count(*) filter (where j.accepted), count(*) filter (where j.delivered), count(*) filter (where j.undelivered),
        count(*) filter (where not j.accepted and not j.refused), coalesce(sum(j.segments) filter (where j.accepted), 0),
        coalesce(sum(j.cost_micros) filter (where j.accepted), 0), coalesce(sum(j.cost_micros) filter (where not j.accepted and not j.refused), 0),
        count(*) filter (where j.accepted and j.cost_micros is null)
    from judged j join martlet_data.classes k on k.id = j.class_id group by k.lane, k.name, j.provider, j.currency order by k.lane, k.name, j.provider, j.currency $$;

grant execute on function martlet.report_costs(timestamp with time zone, text, text) to martlet_admin, martlet_reader;

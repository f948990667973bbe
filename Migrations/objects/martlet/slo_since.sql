-- How well it is served. Of messages that were enqueued within p_since (at most a day) before now, by id: the days' partitions and their
-- indexes bound the work. Functions, because a view has no argument; they run as their owner, because readers see no tables.
-- Planned for a window that the planner cannot know, and perhaps without statistics: a part of an index, and no join that is quadratic.
create or replace function martlet.slo_since(since interval) returns table (class text, promise interval, messages bigint, held bigint, accepted bigint, within bigint, overdue bigint,
        failed bigint, within_share numeric, accepted_share numeric, oldest_waiting interval, p99_delay interval, peak_delay interval)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set work_mem = '64MB' as $$
    with bounds as materialized (
        select clock_timestamp() as now, martlet_data.first_id(clock_timestamp() - least(greatest(since, interval '1 second'), interval '1 day')) as first),
    ends as materialized (
        select r.message_id, min(r.at) filter (where r.kind in ('accepted', 'delivered')) as accepted_at, bool_or(r.kind in ('postponed', 'requeued')) as held,
            bool_or(r.kind = 'expired') as expired, bool_or(r.kind in ('suppressed', 'capped', 'cancelled', 'discarded')) as stopped
        from martlet_data.receipts r where r.message_id >= (select first from bounds) group by r.message_id),
    dead as materialized (
        select d.message_id from martlet_data.dead_letters d where d.message_id >= (select first from bounds)),
    judged as (
        select m.class_id, c.accept_within as promise, coalesce(e.held, false) as held, e.accepted_at is not null as accepted,
            e.accepted_at is null and (coalesce(e.expired, false) or d.message_id is not null) as failed,
            coalesce(e.stopped, false) and e.accepted_at is null as stopped,
            coalesce(e.accepted_at, b.now) - coalesce(m.scheduled_at, m.created_at) as delay
        from martlet_data.messages m cross join bounds b join martlet_data.classes c on c.id = m.class_id
        left join ends e on e.message_id = m.id left join dead d on d.message_id = m.id
        where m.id >= (select first from bounds) and (m.scheduled_at is null or m.scheduled_at <= b.now)),
    counted as (
        select j.class_id, count(*) as messages, count(*) filter (where held) as held, count(*) filter (where accepted and not held) as accepted,
            count(*) filter (where accepted and not held and delay <= promise) as within,
            count(*) filter (where not accepted and not failed and not stopped and not held and delay > promise) as overdue,
            count(*) filter (where failed and not held) as failed, max(delay) filter (where not accepted and not failed and not stopped and not held) as oldest,
            percentile_disc(0.99) within group (order by delay) filter (where accepted and not held) as p99, max(delay) filter (where accepted and not held) as peak
        from judged j group by j.class_id)
    select c.name, c.accept_within, coalesce(n.messages, 0), coalesce(n.held, 0), coalesce(n.accepted, 0), case when c.accept_within is not null then coalesce(n.within, 0) end,
        coalesce(n.overdue, 0), coalesce(n.failed, 0),
        case when c.accept_within is not null then trunc(n.within::numeric / nullif(n.accepted + n.failed + n.overdue, 0), 5) end,
        trunc(n.accepted::numeric / nullif(n.accepted + n.failed, 0), 5), n.oldest, n.p99, greatest(n.peak, n.oldest)
    from martlet_data.classes c left join counted n on n.class_id = c.id
    where c.retired_at is null or n.messages > 0 order by c.lane, c.name $$;

alter function martlet.slo_since set enable_hashagg = off;
alter function martlet.slo_since set enable_bitmapscan = off;
grant execute on function martlet.slo_since(interval) to martlet_admin, martlet_reader;

create or replace view martlet.providers as
    with seen as (
        select h.provider, count(*) as workers, count(*) filter (where h.circuit <> 'closed') as circuits_open, max(h.reason) filter (where h.circuit <> 'closed') as reason,
            sum(h.accepted) as accepted, sum(h.failed) as failed, sum(h.throttled) as throttled, sum(h.refused) as refused,
            sum(h.latency_ms * h.accepted) / nullif(sum(h.accepted), 0) as latency_ms, sum(h.unanswered) as unanswered, sum(h.waiting) as waiting, max(h.at) as seen_at, count(*) filter (where h.circuit = 'unusable') as unusable
        from martlet_data.provider_health h join martlet_data.sessions s on s.id = h.session and s.ended_at is null and s.fenced_at is null
        where h.at > clock_timestamp() - interval '30 seconds' group by h.provider)
    select coalesce(s.provider, o.provider) as provider, coalesce(o.state, 'in use') as state, o.target, o.changed_at, o.changed_by, o.why,
        coalesce(s.workers, 0) as workers, coalesce(s.circuits_open, 0) as circuits_open, s.reason, s.accepted as accepted_per_second, s.failed as failed_per_second,
        s.throttled as throttled_per_second, s.refused as refused_per_second, s.latency_ms, s.unanswered, s.waiting, s.seen_at,
        coalesce(s.unusable, 0) as unusable
    from seen s full join martlet_data.provider_orders o on o.provider = s.provider;

comment on view martlet.providers is 'Providers that workers use now or admins have given an order about: the order, open circuits, answers per second of the last ten seconds or so.';
grant select on martlet.providers to martlet_admin, martlet_reader;

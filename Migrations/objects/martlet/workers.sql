create or replace view martlet.workers as
    select s.id as session, s.worker, s.host, s.pid, s.version, s.started_at, s.beat_at, s.in_flight, s.is_draining, s.fenced_at, s.ended_at,
        case when s.ended_at is not null then 'ended' when s.fenced_at is not null then 'fenced'
             when s.beat_at < clock_timestamp() - interval '10 seconds' then 'stale' when s.is_draining then 'draining' else 'live' end as state,
        s.policy_version, s.policy_problem
    from martlet_data.sessions s;

grant select on martlet.workers to martlet_admin, martlet_reader;

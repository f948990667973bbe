-- Live sessions that claim messages and do not work by the newest policy and templates yet.
-- after: martlet_data.template_stamp
create or replace function martlet_data.policy_unseen() returns table (session int, worker text, host text, version text, policy_version int, problem text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.id, s.worker, s.host, s.version, s.policy_version, s.policy_problem
    from (select p.version from martlet_data.policies p order by p.version desc limit 1) newest, martlet_data.template_stamp() stamp, martlet_data.sessions s
    where s.ended_at is null and s.fenced_at is null and not s.is_draining and s.beat_at > clock_timestamp() - interval '10 seconds'
        and (s.policy_version, s.templates) is distinct from (newest.version, stamp)
    order by s.id
$$;

grant execute on function martlet_data.policy_unseen() to martlet_admin;

-- Whether a message that is claimed from now on is sent by the newest policy and templates. Half a minute after they were stored the answer is yes all the same: a worker
-- that cannot use them must not hold up what others can do.
-- after: martlet_data.policy_unseen
create or replace function martlet_data.policy_is_seen() returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select not exists (select from martlet_data.policy_unseen())
        or greatest((select p.applied_at from martlet_data.policies p order by p.version desc limit 1), (select max(t.pushed_at) from martlet_data.templates t))
            < clock_timestamp() - interval '30 seconds'
$$;

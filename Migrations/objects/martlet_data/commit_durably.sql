-- What was acknowledged is not lost, whatever the caller's session says about commits.
create or replace function martlet_data.commit_durably() returns void
    language sql volatile as $$
    select pg_catalog.set_config('synchronous_commit', 'on', true) where pg_catalog.current_setting('synchronous_commit') not in ('on', 'remote_apply') $$;

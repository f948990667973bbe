create or replace function martlet_data.lock_bucket(p_bucket int) returns void
    language sql volatile as $$ select pg_catalog.pg_advisory_xact_lock(7340002, p_bucket) $$;

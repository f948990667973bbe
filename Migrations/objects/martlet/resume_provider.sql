create or replace function martlet.resume_provider(provider text, why text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$ select martlet_data.order_provider(provider, null, null, why) $$;

grant execute on function martlet.resume_provider(text, text) to martlet_admin;

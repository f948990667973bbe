create or replace function martlet.drain_provider(provider text, why text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$ select martlet_data.order_provider(provider, 'draining', null, why) $$;

grant execute on function martlet.drain_provider(text, text) to martlet_admin;

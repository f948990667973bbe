create or replace function martlet.move_provider(provider text, target text, why text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$ select martlet_data.order_provider(provider, 'moved', target, why) $$;

grant execute on function martlet.move_provider(text, text, text) to martlet_admin;

create or replace function martlet_data.is_published(p_type text) returns boolean
    language sql stable as $$ select exists (select from martlet_data.webhook_endpoints e where p_type = any (e.events)) $$;

create or replace function martlet_data.bulk_enqueue_row() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform martlet.enqueue(new.class, new.channel, new.recipient, new.template, coalesce(new.variables, '{}'), new.idempotency_key,
        new.scheduled_at, new.expires_at, new.recipient_key, new.locale, new.time_zone, new.tier, new.group_key, new.sender, new.headers, new.traceparent,
        new.check_template);
    return new;
end $$;

-- What enqueue looks at only when something about a message is unusual: says what is wrong, or that it is unusual and no more.
create or replace function martlet_data.check_unusual(variables jsonb, headers jsonb, v_expires timestamptz, scheduled_at timestamptz, recipient_key text, locale text,
        tier text, group_key text, idempotency_key text, traceparent text) returns void
    language plpgsql volatile as $$
begin
    perform martlet_data.check_json('variables', variables, 65536);
    perform martlet_data.check_text('recipient_key', recipient_key, 256);
    perform martlet_data.check_text('locale', locale, 35);
    perform martlet_data.check_text('tier', tier, 64);
    perform martlet_data.check_text('group_key', group_key, 256);
    perform martlet_data.check_text('idempotency_key', idempotency_key, 256);
    perform martlet_data.check_text('traceparent', traceparent, 64);
    if headers is not null then
        perform martlet_data.check_json('headers', headers, 8192);
    end if;
end $$;

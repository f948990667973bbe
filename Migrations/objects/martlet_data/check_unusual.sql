-- What enqueue looks at only when something about a message is unusual: says what is wrong, or that it is unusual and no more.
create or replace function martlet_data.check_unusual(variables jsonb, headers jsonb, v_expires timestamptz, scheduled_at timestamptz, recipient_key text, locale text,
        tier text, group_key text, idempotency_key text, traceparent text) returns void
    language plpgsql volatile as $$
begin
    if variables is null or jsonb_typeof(variables) <> 'object' then
        raise exception 'field variables: must be a JSON object, not %', coalesce(jsonb_typeof(variables), 'null') using errcode = 'MT006',
            hint = 'Pass {} when the template needs none.';
    elsif octet_length(variables::text) > 65536 then
        raise exception 'field variables: % bytes, the limit is 65536', octet_length(variables::text) using errcode = 'MT006',
            hint = 'Pass only what the template shows; put the rest behind a link.';
    elsif v_expires <= greatest(clock_timestamp(), scheduled_at) then
        raise exception 'field expires_at: % is not after %', v_expires, case when scheduled_at > clock_timestamp() then 'scheduled_at' else 'now' end using errcode = 'MT007',
            hint = 'Leave it out for the class''s time to live, or pass a later time.';
    end if;
    perform martlet_data.check_text('recipient_key', recipient_key, 256);
    perform martlet_data.check_text('locale', locale, 35);
    perform martlet_data.check_text('tier', tier, 64);
    perform martlet_data.check_text('group_key', group_key, 256);
    perform martlet_data.check_text('idempotency_key', idempotency_key, 256);
    perform martlet_data.check_text('traceparent', traceparent, 64);
    if headers is not null and (jsonb_typeof(headers) <> 'object' or octet_length(headers::text) > 8192) then
        raise exception 'field headers: must be a JSON object of at most 8192 bytes' using errcode = 'MT010', hint = 'Leave it out if there are none.';
    end if;
end $$;

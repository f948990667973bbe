-- after: martlet_data.canonical
-- What makes two requests the same: the caller's own arguments before defaults and without trace headers, by value. Instants as microseconds, because
-- their text depends on the session's TimeZone; numbers without the zeros that end their fraction, because 1 and 1.0 are one number. 33 bytes: the
-- first says how it was made. Hashes of 32 bytes were made over text (before 0016).
create or replace function martlet_data.request_hash(class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamptz,
        expires_at timestamptz, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) returns bytea
    language sql stable parallel safe as $$
    select '\x01'::bytea || sha256(convert_to(jsonb_build_array(class, channel, recipient, template, martlet_data.canonical(variables),
        extract(epoch from scheduled_at), extract(epoch from expires_at), recipient_key, locale, time_zone, tier, group_key, sender,
        martlet_data.canonical(headers))::text, 'UTF8')) $$;

-- after: martlet_data.request_hash
-- The message of this very request, if it was taken before: its class, template or sender may be retired by now, which does not undo what was promised.
create or replace function martlet_data.taken_before(p_key text, class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamptz,
        expires_at timestamptz, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) returns bigint
    language sql stable as $$
    select k.message_id from martlet_data.idempotency_keys k
        -- A value that no request may have is in none: its numbers are not written out.
        where k.producer = session_user and k.key = p_key and case when pg_column_size(variables) <= 65536 and pg_column_size(headers) <= 8192 is not false
            then k.request_hash = martlet_data.request_hash(class, channel, recipient, template, variables, scheduled_at, expires_at, recipient_key, locale, time_zone, tier,
                group_key, sender, headers) else false end $$;

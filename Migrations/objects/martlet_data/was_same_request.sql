-- Whether a request is that of a key that was stored before 0016, whose hash is over text: the same text now, or the same values as its message has.
-- Of a class that erases its bodies these are gone, and the rest decides.
create or replace function martlet_data.was_same_request(p_hash bytea, p_message_id bigint, class text, channel text, recipient text, template text, variables jsonb,
        scheduled_at timestamptz, expires_at timestamptz, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb,
        p_address text) returns boolean
    language sql stable as $$
    select length(p_hash) = 32 and (p_hash = sha256(convert_to(jsonb_build_array(class, channel, recipient, template, variables, scheduled_at, expires_at,
            recipient_key, locale, time_zone, tier, group_key, sender, headers)::text, 'UTF8'))
        or exists (select from martlet_data.messages m join martlet_data.classes c on c.id = m.class_id join martlet_data.channels h on h.id = m.channel_id
            where m.id = p_message_id and c.name = was_same_request.class and h.name = was_same_request.channel and m.address = p_address and m.template = was_same_request.template
                and (c.erases_body or m.variables::jsonb = was_same_request.variables and m.headers is not distinct from was_same_request.headers)
                and (was_same_request.scheduled_at is null or coalesce(m.scheduled_at, m.created_at) = was_same_request.scheduled_at or m.scheduled_at is null and was_same_request.scheduled_at <= m.created_at)
                and (was_same_request.scheduled_at is not null or m.scheduled_at is null)
                and (was_same_request.expires_at is null or m.expires_at = was_same_request.expires_at)
                and m.recipient_key = coalesce(was_same_request.recipient_key, p_address)
                and (m.locale, m.time_zone, m.tier, m.group_key, m.sender) is not distinct from
                    (was_same_request.locale, was_same_request.time_zone, was_same_request.tier, was_same_request.group_key, was_same_request.sender))) $$;

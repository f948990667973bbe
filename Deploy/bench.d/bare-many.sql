-- The same JSON text as a bare insert into the same two tables: nothing is checked, nothing looked up.
with rows as materialized (
    select o, nextval('martlet_data.message_seq') as seq, ((date_part('epoch', clock_timestamp()) * 1000)::int8 - 1735689600000) << 22 as first
    from jsonb_array_elements('@messages@') o),
places as (insert into martlet_data.ready (slot, seq, message_id) select 4, seq, first | (seq & 65535) from rows)
insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, variables, producer, created_at, expires_at)
    select first | (seq & 65535), 1, 1, o ->> 'recipient_key', o ->> 'recipient', o ->> 'template', o ->> 'locale', (o -> 'variables')::json, 'shop',
        clock_timestamp(), clock_timestamp() + interval '1 day' from rows;

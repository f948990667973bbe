-- The same message as a bare insert into the same two tables: nothing is checked, nothing looked up.
\set n random(1, 1000000000)
with place as (insert into martlet_data.ready (slot, seq, message_id) values (4, nextval('martlet_data.message_seq'), 1 + :n::int8))
insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, variables, producer, created_at, expires_at)
    values (((date_part('epoch', clock_timestamp()) * 1000)::int8 - 1735689600000) << 22 | (nextval('martlet_data.message_seq') & 65535), 1, 1, 'load-' || :n,
        '+86139' || lpad((:n % 100000000)::text, 8, '0'), 'load', 'en',
        '{"name": "Customer", "order": "LOAD-1", "amount": "129.90", "url": "https://shop.example/o/1", "note": "packed with care in our own warehouse"}',
        'shop', clock_timestamp(), clock_timestamp() + interval '1 day');

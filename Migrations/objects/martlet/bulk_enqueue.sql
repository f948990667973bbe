-- For COPY: columns are enqueue's arguments. A row passes through enqueue itself, so it is as safe as the function.
create or replace view martlet.bulk_enqueue as
    select null::text as class, null::text as channel, null::text as recipient, null::text as template, null::jsonb as variables,
        null::text as idempotency_key, null::timestamptz as scheduled_at, null::timestamptz as expires_at, null::text as recipient_key,
        null::text as locale, null::text as time_zone, null::text as tier, null::text as group_key, null::text as sender,
        null::jsonb as headers, null::text as traceparent, null::boolean as check_template
    where false;

grant insert, select on martlet.bulk_enqueue to martlet_admin, martlet_producer;

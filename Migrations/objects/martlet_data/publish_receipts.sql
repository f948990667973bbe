-- What was written down about messages just now, by the caller's transaction.
create or replace function martlet_data.publish_receipts(p_kinds text[], p_messages bigint[], p_attempts smallint[], p_providers text[], p_codes text[]) returns int
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(martlet_data.publish('message.' || i.kind, c.name, m.group_key, clock_timestamp(), json_build_object('message_id', m.id::text,
        'group_key', m.group_key, 'class', c.name, 'channel', h.name, 'template', m.template, 'attempt', i.attempt, 'provider', i.provider, 'code', i.code))), 0)::int
    from unnest(p_kinds, p_messages, p_attempts, p_providers, p_codes) i(kind, message_id, attempt, provider, code)
    cross join lateral (select * from martlet_data.messages m where m.id = i.message_id offset 0) m
    join martlet_data.classes c on c.id = m.class_id join martlet_data.channels h on h.id = m.channel_id
    where h.name <> 'webhook' $$;

grant execute on function martlet_data.publish_receipts(text[], bigint[], smallint[], text[], text[]) to martlet_gateway, martlet_worker;

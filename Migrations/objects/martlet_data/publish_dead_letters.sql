create or replace function martlet_data.publish_dead_letters() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if martlet_data.is_published('message.dead') then
        perform martlet_data.publish('message.dead', n.class, m.group_key, n.died_at, json_build_object('message_id', n.message_id::text, 'group_key', m.group_key,
            'class', n.class, 'channel', n.channel, 'template', n.template, 'attempt', n.attempt, 'provider', n.provider, 'code', n.reason))
        from new_rows n left join lateral (select * from martlet_data.messages m where m.id = n.message_id offset 0) m on true where n.channel <> 'webhook';
    end if;
    return null;
end $$;

create or replace function martlet_data.publish_suppressions() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if martlet_data.is_published('suppression.changed') then
        perform martlet_data.publish('suppression.changed', n.scope, null, coalesce(n.lifted_at, n.created_at), json_build_object('channel', n.channel, 'address', n.address,
            'scope', n.scope, 'state', case when n.lifted_at is null then 'suppressed' else 'lifted' end, 'reason', coalesce(n.lift_reason, n.reason)))
        from new_rows n where n.channel <> 'webhook';
    end if;
    return null;
end $$;

-- These change seldom, and by many ways: functions, texts, links, bounces. A trigger sees them all, once each.
create or replace function martlet_data.publish_consents() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if martlet_data.is_published('consent.changed') then
        perform martlet_data.publish('consent.changed', n.purpose, null, n.recorded_at, json_build_object('recipient_key', n.recipient_key, 'channel', n.channel,
            'purpose', n.purpose, 'status', n.status, 'method', n.method, 'wording', n.wording)) from new_rows n where n.channel <> 'webhook';
    end if;
    return null;
end $$;

-- An event that no endpoint will get, in the audit: to whom, of what type, why, and what it speaks of. Without texts and addresses: these are where
-- the event came from.
create or replace function martlet_data.note_lost_event(p_endpoint text, p_type text, p_why text, p_data json) returns void
    language sql volatile as $$
    insert into martlet_data.audit (action, object, why, detail)
        select 'event_lost', p_endpoint, left(p_why, 1000), jsonb_build_object('type', p_type) || coalesce(jsonb_object_agg(d.key, d.value), '{}')
        from json_each(p_data) d where d.key in ('id', 'message_id', 'channel', 'class', 'purpose', 'scope', 'state', 'status', 'code', 'answers') $$;

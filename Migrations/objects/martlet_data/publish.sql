-- One event: a message of channel webhook for each endpoint that wants it, in the transaction of what it speaks of. Nothing about messages of
-- that channel itself comes here: its callers leave them out.
create or replace function martlet_data.publish(p_type text, p_class text, p_group text, p_at timestamptz, p_data json) returns int
    language plpgsql volatile as $$
declare
    v_name text;
    v_body text;
    v_count int := 0;
begin
    for v_name in
        select e.name from martlet_data.webhook_endpoints e
        where p_type = any (e.events) and (e.classes = '{}' or p_class = any (e.classes))
            and (e.group_prefixes = '{}' or exists (select from unnest(e.group_prefixes) g where starts_with(p_group, g)))
        order by e.name
    loop
        v_body := coalesce(v_body, '{"type":' || to_json(p_type) || ',"timestamp":"' || martlet_data.iso_time(p_at) || '","data":' || p_data || '}');
        perform martlet.enqueue(class => 'webhook', channel => 'webhook', recipient => v_name, template => 'webhook',
            variables => jsonb_build_object('event', v_body));
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;

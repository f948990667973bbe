-- after: martlet_data.note_lost_event
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
        -- What an event speaks of is not undone because the event cannot be published: the audit keeps which, and the server's log says it.
        if not exists (select from martlet_data.enqueue_places p where p.template = 'webhook' and p.class = 'webhook' and p.channel = 'webhook') then
            raise warning 'event % is not published: the policy has no class or template for webhooks', p_type using hint = 'Run martlet config apply.';
            perform martlet_data.note_lost_event(v_name, p_type, 'the policy has no class or template for webhooks', p_data);
            continue;
        elsif octet_length(v_body) > 20000 then
            begin
                perform martlet.enqueue(class => 'webhook', channel => 'webhook', recipient => v_name, template => 'webhook', variables => jsonb_build_object('event', v_body),
                    check_template => false);
            exception when others then
                raise warning 'event % is not published to %: %', p_type, v_name, sqlerrm;
                perform martlet_data.note_lost_event(v_name, p_type, sqlerrm, p_data);
                continue;
            end;
        else
            -- A template or class that asks for more than the event undoes nothing: the message becomes a dead letter that says so.
            perform martlet.enqueue(class => 'webhook', channel => 'webhook', recipient => v_name, template => 'webhook', variables => jsonb_build_object('event', v_body),
                check_template => false);
        end if;
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;

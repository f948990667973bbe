create or replace function martlet_data.publish_inbound(p_event martlet_data.inbound_events) returns void
    language plpgsql volatile as $$
declare
    t record;
    m record;
    v_data json;
begin
    if not (martlet_data.is_published('inbound.received') or p_event.answers is not null and martlet_data.is_published('survey.answered')) then
        return;
    end if;
    select min(i.provider) as provider, min(i.sender) as sender, min(i.recipient) as recipient, string_agg(i.body, '' order by i.part) as body into t
        from martlet_data.inbound_texts i where i.id = p_event.inbound_id or i.first_id = p_event.inbound_id;
    select x.group_key, x.template, c.name as class into m
        from martlet_data.messages x join martlet_data.classes c on c.id = x.class_id where x.id = p_event.answers;
    -- A text has at most some 40,000 characters; 8,000 are never more than fits into a message, however they are escaped.
    v_data := json_build_object('id', p_event.inbound_id::text, 'provider', t.provider, 'channel', p_event.channel, 'from', coalesce(p_event.address, t.sender), 'to', t.recipient,
        'text', left(t.body, 8000), 'is_cut', coalesce(length(t.body) > 8000, false), 'keyword', p_event.keyword, 'answers', p_event.answers::text, 'answer', p_event.answer,
        'group_key', m.group_key, 'class', m.class, 'template', m.template);
    perform martlet_data.publish('inbound.received', m.class, m.group_key, p_event.at, v_data);
    if p_event.answers is not null then
        perform martlet_data.publish('survey.answered', m.class, m.group_key, p_event.at, v_data);
    end if;
end $$;

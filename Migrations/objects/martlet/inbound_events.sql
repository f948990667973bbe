create or replace view martlet.inbound_events as
    select e.position as id, e.at, e.channel, martlet_data.shown(coalesce(e.address, t.sender)) as sender, t.recipient, t.provider, t.body as text, e.keyword,
        e.answers as message_id, e.answer, m.group_key, m.template, c.name as class
    from martlet_data.inbound_events e
    cross join lateral (select min(i.provider) as provider, min(i.sender) as sender, min(i.recipient) as recipient, string_agg(i.body, '' order by i.part) as body
        from martlet_data.inbound_texts i where i.id = e.inbound_id or i.first_id = e.inbound_id) t
    left join lateral (select * from martlet_data.messages m where m.id = e.answers offset 0) m on true
    left join martlet_data.classes c on c.id = m.class_id
    where e.position is not null;

comment on view martlet.inbound_events is 'Replies, whole ones. Nothing becomes visible below an id that was seen: remember the last and ask for what is above it.';
grant select on martlet.inbound_events to martlet_admin, martlet_reader;

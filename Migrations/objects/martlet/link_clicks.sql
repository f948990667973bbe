create or replace view martlet.link_clicks as
    select o.group_key, o.class, o.channel, o.template, o.target, count(*) filter (where o.sent) as sent, count(*) filter (where o.clicked) as clicked,
        count(*) filter (where o.prefetched) as prefetched
    from (
        select m.group_key, k.name as class, h.name as channel, m.template, split_part(split_part(t.target, '#', 1), '?', 1) as target, l.message_id,
            bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as sent, bool_or(r.kind = 'clicked') as clicked, bool_or(r.kind = 'prefetched') as prefetched
        from martlet_data.message_links l join martlet_data.messages m on m.id = l.message_id
        join martlet_data.classes k on k.id = m.class_id join martlet_data.channels h on h.id = m.channel_id
        cross join lateral unnest(l.targets) with ordinality t(target, link)
        left join martlet_data.receipts r on r.message_id = l.message_id
            and (r.kind in ('accepted', 'delivered', 'undelivered') or r.kind in ('clicked', 'prefetched') and r.part = t.link)
        group by m.group_key, k.name, h.name, m.template, 5, l.message_id) o
    group by o.group_key, o.class, o.channel, o.template, o.target;

comment on view martlet.link_clicks is 'Messages with a link to target (without query and fragment, where people''s own values stand): sent, clicked by a person, visited by a machine. Reads every message with tracked links that it is asked for.';
grant select on martlet.link_clicks to martlet_admin, martlet_reader;

-- Of the messages enqueued since then, all or those of a group or class: what became of them, who opted out (or complained)
-- afterwards, and of how many somebody clicked a link or (unreliable) opened the mail.
create or replace function martlet.report_messages(since timestamptz, group_key text default null, class text default null, opt_out_within interval default '7 days')
        returns table (class_name text, messages bigint, accepted bigint, delivered bigint, undelivered bigint, waiting bigint, suppressed bigint, capped bigint,
            expired bigint, cancelled bigint, dead bigint, opted_out bigint, clicked bigint, opened bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set work_mem = '64MB' as $$
    with chosen as materialized (
        select m.id, m.class_id, m.address, h.name as channel from martlet_data.messages m join martlet_data.channels h on h.id = m.channel_id
        where m.id >= martlet_data.first_id(report_messages.since) and (report_messages.group_key is null or m.group_key = report_messages.group_key)
            and (report_messages.class is null or m.class_id = (select c.id from martlet_data.classes c where c.name = report_messages.class))),
    ends as materialized (
        select r.message_id, min(r.at) filter (where r.kind in ('accepted', 'delivered', 'undelivered')) as accepted_at, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind = 'suppressed') as suppressed, bool_or(r.kind = 'capped') as capped,
            bool_or(r.kind = 'expired') as expired, bool_or(r.kind in ('cancelled', 'discarded')) as cancelled,
            bool_or(r.kind = 'clicked') as clicked, bool_or(r.kind = 'opened') as opened
        from martlet_data.receipts r where r.message_id >= martlet_data.first_id(report_messages.since) group by r.message_id),
    dead as materialized (select d.message_id from martlet_data.dead_letters d where d.message_id >= martlet_data.first_id(report_messages.since)),
    -- One person opts out of what came last: each address counts once in a class.
    outs as (
        select o.class_id, count(distinct (o.channel, o.key)) as people
        from (select c.class_id, c.channel, martlet_data.address_key(c.address) as key, e.accepted_at from chosen c join ends e on e.message_id = c.id where e.accepted_at is not null) o
        join martlet_data.suppressions s on s.address_key = o.key and s.channel = o.channel
        where s.reason in ('opt_out', 'opt_out_text', 'opt_out_link', 'complaint') and s.created_at >= o.accepted_at and s.created_at < o.accepted_at + report_messages.opt_out_within
        group by o.class_id),
    counted as (
        select c.class_id, count(*) as messages, count(*) filter (where e.accepted_at is not null) as accepted, count(*) filter (where e.delivered) as delivered,
            count(*) filter (where e.undelivered and not e.delivered) as undelivered,
            count(*) filter (where e.accepted_at is null and d.message_id is null
                and (e.message_id is null or not (e.suppressed or e.capped or e.expired or e.cancelled))) as waiting,
            count(*) filter (where e.accepted_at is null and e.suppressed) as suppressed, count(*) filter (where e.accepted_at is null and e.capped) as capped,
            count(*) filter (where e.accepted_at is null and e.expired) as expired, count(*) filter (where e.accepted_at is null and e.cancelled) as cancelled,
            count(d.message_id) as dead, count(*) filter (where e.clicked) as clicked, count(*) filter (where e.opened) as opened
        from chosen c left join ends e on e.message_id = c.id left join dead d on d.message_id = c.id group by c.class_id)
    select k.name, n.messages, n.accepted, n.delivered, n.undelivered, n.waiting, n.suppressed, n.capped, n.expired, n.cancelled, n.dead, coalesce(o.people, 0), n.clicked, n.opened
    from counted n join martlet_data.classes k on k.id = n.class_id left join outs o on o.class_id = n.class_id order by k.lane, k.name $$;

grant execute on function martlet.report_messages(timestamp with time zone, text, text, interval) to martlet_admin, martlet_reader;

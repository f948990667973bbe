create or replace view martlet.message_status as
    select m.id as message_id, c.name as class, ch.name as channel, martlet_data.shown(m.recipient_key) as recipient_key,
        martlet_data.shown(m.address) as address, m.template, m.group_key, m.producer, m.created_at,
        coalesce(q.expires_at, m.expires_at) as expires_at,
        -- A dead letter that a receipt has settled is on its way out (resolve_doubt): it is dead no more.
        case when d.message_id is not null and coalesce(f.kind not in ('accepted', 'delivered'), true) then 'dead'
             when f.kind is not null then f.kind
             when l.message_id is not null and a.message_id is not null then 'sending'
             when x.cancelled_at is not null then 'cancelled'
             when l.message_id is not null then 'leased'
             when u.message_id is not null then 'due'
             else 'ready' end as state,
        case when d.message_id is not null and coalesce(f.kind not in ('accepted', 'delivered'), true) then d.reason
             when f.kind is not null then f.code
             when u.message_id is not null and l.message_id is null and x.cancelled_at is null then u.reason end as reason,
        case when d.message_id is null and f.kind is null and l.message_id is null and x.cancelled_at is null then u.due_at end as until,
        case when d.message_id is not null and coalesce(f.kind not in ('accepted', 'delivered'), true) then d.died_at when f.kind is not null then f.at
             when not (l.message_id is not null and a.message_id is not null) then x.cancelled_at end as ended_at
    from martlet_data.messages m
    join martlet_data.classes c on c.id = m.class_id
    join martlet_data.channels ch on ch.id = m.channel_id
    left join martlet_data.dead_letters d on d.message_id = m.id
    left join martlet_data.leased l on l.message_id = m.id
    left join martlet_data.attempts a on a.message_id = m.id and a.attempt = l.attempt + 1
    left join martlet_data.due u on u.message_id = m.id
    left join lateral (select r.expires_at, r.requeued_at from martlet_data.requeues r where r.message_id = m.id order by r.series desc limit 1) q on true
    left join lateral (select r.kind, r.code, r.at from martlet_data.receipts r
        where r.message_id = m.id and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')
            and (q.requeued_at is null or r.at >= q.requeued_at and (r.kind <> 'undelivered' or r.attempt is null or exists (
                -- That a try before the requeue failed says nothing about those that follow it.
                select from martlet_data.attempts b where b.message_id = m.id and b.attempt = r.attempt and b.admitted_at >= q.requeued_at)))
            -- Nor does it while a later one is under way or in doubt.
            and (r.kind <> 'undelivered' or r.attempt is null or not exists (
                select from martlet_data.attempts b where b.message_id = m.id and b.attempt > r.attempt and not exists (
                    select from martlet_data.receipts s where s.message_id = b.message_id and s.attempt = b.attempt
                        and s.kind in ('accepted', 'deferred', 'rejected', 'delivered', 'undelivered'))))
            -- Nor while a worker has a later one in its hands, whatever is known of that by other ways: what the worker writes decides.
            and (r.kind <> 'undelivered' or r.attempt is null or l.message_id is null or a.message_id is null or r.attempt > l.attempt)
        -- What an admin has discarded stays so; once delivered is delivered; else the newest attempt that got somewhere counts.
        order by (r.kind <> 'discarded'), (r.kind <> 'delivered'), case when r.kind in ('accepted', 'undelivered') then r.attempt end desc nulls last,
            case r.kind when 'undelivered' then 0 when 'accepted' then 1 else 2 end, r.at desc limit 1) f on true
    -- Of what is not over: it will end so as soon as a worker looks at it, and nothing is sent before. Shown at once.
    left join lateral (select max(c.cancelled_at) as cancelled_at from (
            select n.cancelled_at from martlet_data.cancellations n where n.message_id = m.id
            union all select g.cancelled_at from martlet_data.group_cancellations g
                where g.group_key = m.group_key and g.producer in ('*', m.producer) and g.cancelled_at >= m.created_at) c
        where d.message_id is null and f.kind is null) x on true;

grant select on martlet.message_status to martlet_admin, martlet_reader;

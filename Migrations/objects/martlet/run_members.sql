-- after: martlet_data.shown
create or replace view martlet.run_members as
    select m.run_id, martlet_data.shown(m.person) as person, v.name as variant,
        case when m.state = 3 then 'held_out' when m.state = 2 then 'skipped' when m.state = 0 then case when r.stopped_at is null then 'waiting' else 'skipped' end
            when f.kind in ('accepted', 'delivered') then 'sent' when f.kind = 'undelivered' then 'failed'
            when d.reason = 'in_doubt' then 'unknown' when d.message_id is not null then 'failed'
            when f.kind = 'discarded' then 'failed' when f.kind is not null then 'skipped' else 'released' end as state,
        case when m.state = 2 then m.reason when m.state = 0 then case when r.stopped_at is not null then 'stopped' end
            when f.kind = 'undelivered' then coalesce(f.code, 'undelivered') when d.message_id is not null and f.kind is null then d.reason
            when f.kind = 'suppressed' then case when f.code in ('no_consent', 'consent_withdrawn', 'consent_pending') then f.code else 'opted_out' end
            when f.kind = 'cancelled' then case when g.run_id is not null and g.undone_at is null then 'goal' when r.stopped_at is not null then 'stopped' else 'cancelled' end
            when f.kind = 'expired' then case when f.code in ('window', 'quiet_hours') then f.code else 'expired' end
            when f.kind in ('capped', 'discarded') then f.kind end as reason,
        m.message_id, g.at as goal_at, f.at as ended_at, m.place
    from martlet_data.run_members m
    join martlet_data.runs r on r.id = m.run_id
    join martlet_data.run_variants v on v.run_id = m.run_id and v.variant = m.variant
    left join martlet_data.run_goals g on g.run_id = m.run_id and g.place = m.place and g.undone_at is null
    left join martlet_data.dead_letters d on d.message_id = m.message_id
    left join lateral (select e.kind, e.code, e.at from martlet_data.receipts e
        where e.message_id = m.message_id and e.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded') and not e.stale
        order by (e.kind <> 'delivered'), (e.kind <> 'undelivered'), e.at desc limit 1) f on true;

comment on view martlet.run_members is 'Every member of every run: waiting, released (its message is on its way), sent, failed, unknown (in doubt), skipped with a reason, held_out. Ask by run_id.';
grant select on martlet.run_members to martlet_admin, martlet_reader;

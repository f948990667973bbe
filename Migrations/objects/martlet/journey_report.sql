create or replace view martlet.journey_report as
    select j.name as journey, 'people' as what, p.step, p.state, case when p.state in ('exited', 'done') then p.reason end as reason, count(*) as people, count(p.goal_at) as goals
    from martlet_data.journey_people p join martlet_data.journeys j on j.id = p.journey_id group by 1, 3, 4, 5
    union all
    select j.name, 'messages', m.step, case when m.message_id is null then 'skipped' when f.kind in ('accepted', 'delivered') then 'sent' when f.kind = 'undelivered' then 'failed'
            when d.reason = 'in_doubt' then 'unknown' when d.message_id is not null or f.kind = 'discarded' then 'failed' when f.kind is not null then 'skipped' else 'released' end,
        case when m.message_id is null then m.reason when f.kind in ('suppressed', 'capped', 'expired', 'cancelled') then f.kind when f.kind is null then d.reason end, count(*), 0
    from martlet_data.journey_messages m join martlet_data.journeys j on j.id = m.journey_id
    left join martlet_data.dead_letters d on d.message_id = m.message_id
    left join lateral (select e.kind from martlet_data.receipts e
        where e.message_id = m.message_id and e.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded') and not e.stale
        order by (e.kind <> 'delivered'), (e.kind <> 'undelivered'), e.at desc limit 1) f on true
    group by 1, 3, 4, 5;

comment on view martlet.journey_report is 'what = people: where people are or ended, with how many reached a goal; what = messages: what became of the messages of each step. Counted when it is asked: ask by journey.';
grant select on martlet.journey_report to martlet_admin, martlet_reader;

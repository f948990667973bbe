-- after: martlet_data.shown
create or replace view martlet.journey_people as
    select j.name as journey, martlet_data.shown(p.person) as person, p.version, p.entry, p.state, p.step,
        case when p.state <> 'in' then null when p.awaits is not null then 'awaits ' || p.awaits when p.looks_at is not null then 'looks at ' || p.looks_at when p.is_waiting then 'waits' else 'due' end as doing,
        p.due_at, p.reason, p.failures, p.entered_at, p.ended_at, p.goal_at
    from martlet_data.journey_people p join martlet_data.journeys j on j.id = p.journey_id;

comment on view martlet.journey_people is 'One row for a person in a journey. state: in, done (all steps taken), goal, exited, failed; reason: why it ended, or the last error.';
grant select on martlet.journey_people to martlet_admin, martlet_reader;

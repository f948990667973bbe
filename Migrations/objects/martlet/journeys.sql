create or replace view martlet.journeys as
    select j.name as journey, j.version, case when j.paused_at is null then 'running' else 'paused' end as state, c.people, c.due, c.failed, c.next_due,
        j.re_entry, j.audience, (select array_agg(distinct t.event order by t.event) from martlet_data.journey_triggers t where t.journey_id = j.id and t.version = j.version and t.kind = 'entry') as entry_events,
        (select array_agg(t.event order by t.event) from martlet_data.journey_triggers t where t.journey_id = j.id and t.version = j.version and t.kind = 'goal') as goals,
        j.paused_at, j.paused_by, j.pause_reason, v.applied_at, v.applied_by, 'journey:' || j.id as group_key
    from martlet_data.journeys j join martlet_data.journey_versions v on v.journey_id = j.id and v.version = j.version
    cross join lateral (select count(*) filter (where p.state = 'in') as people, count(*) filter (where p.due_at <= clock_timestamp()) as due,
        count(*) filter (where p.state = 'failed' or p.failures > 0) as failed, min(p.due_at) as next_due
        from martlet_data.journey_people p where p.journey_id = j.id) c;

comment on view martlet.journeys is 'Journeys: people who are in it now, whose step is due, and whose step fails.';
grant select on martlet.journeys to martlet_admin, martlet_reader;

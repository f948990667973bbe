create or replace view martlet.runs as
    select r.id as run_id, r.campaign, r.version, a.name as audience, r.members,
        case when r.stopped_at is not null then 'stopped' when r.needs_approval and r.approved_at is null then 'awaiting_approval' when p.reasons is not null then 'paused'
            when c.left_over = 0 then 'released' when c.left_over = c.chunks and c.next_due > clock_timestamp() then 'scheduled' else 'running' end as state,
        p.reasons as paused_for, p.since as paused_since, p.why as pause_reason, c.waiting, c.next_due as next_release, c.last_due as last_release,
        r.class, r.channel, r.goal, r.pool, r.window_from, r.window_until, r.fallback_zone as time_zone, r.created_at, r.created_by, r.approved_by, r.stopped_at, r.stopped_by, r.stop_reason,
        'run:' || r.id as group_key
    from martlet_data.runs r join martlet_data.audiences a on a.id = r.audience_id
    cross join lateral (select count(*) as chunks, count(*) filter (where c.released_at is null) as left_over, coalesce(sum(c.last_place - c.first_place + 1) filter (where c.released_at is null), 0)::bigint as waiting,
        min(c.due_at) filter (where c.released_at is null) as next_due, max(c.due_at) as last_due from martlet_data.run_chunks c where c.run_id = r.id) c
    left join lateral (select array_agg(p.reason order by p.reason) as reasons, min(p.paused_at) as since, string_agg(p.why, '; ' order by p.reason) as why
        from martlet_data.run_pauses p where p.run_id = r.id and p.lifted_at is null having count(*) > 0) p on true;

comment on view martlet.runs is 'Runs of campaigns. released: every member has been released or skipped; what became of the messages is in run_report. waiting: members in chunks that are not released yet.';
grant select on martlet.runs to martlet_admin, martlet_reader;

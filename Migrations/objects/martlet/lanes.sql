create or replace view martlet.lanes as
    select l.lane, (select string_agg(c.name, ', ' order by c.name) from martlet_data.classes c where c.lane = l.lane and c.retired_at is null) as classes,
        coalesce(r.ready, 0) as ready, r.oldest, coalesce(u.due, 0) as due, u.next_due, coalesce(e.leased, 0) as leased, l.paused_at, l.paused_by, l.pause_reason
    from martlet_data.lanes l
    left join (select s.lane, count(*) as ready, martlet.created_at(min(r.message_id)) as oldest
        from martlet_data.ready r join martlet_data.segments s on s.kind = 'ready' and s.slot = r.slot group by s.lane) r on r.lane = l.lane
    left join (select lane, count(*) as due, min(due_at) as next_due from martlet_data.due group by lane) u on u.lane = l.lane
    left join (select lane, count(*) as leased from martlet_data.leased group by lane) e on e.lane = l.lane;

comment on view martlet.lanes is 'Counts every waiting row: seconds with millions waiting. Lane 8 is where messages wait whose worker died with them.';
grant select on martlet.lanes to martlet_admin, martlet_reader;

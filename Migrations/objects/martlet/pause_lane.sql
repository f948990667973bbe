create or replace function martlet.pause_lane(lane int, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    update martlet_data.lanes l set paused_at = clock_timestamp(), paused_by = session_user, pause_reason = why where l.lane = pause_lane.lane and l.lane < 8;
    if not found then
        raise exception 'field lane: there is no lane %', lane using errcode = 'MT010', hint = 'Lanes are 0 … 7; see martlet.lanes.';
    end if;
    insert into martlet_data.audit (action, object, why) values ('pause_lane', lane::text, why);
end $$;

grant execute on function martlet.pause_lane(integer, text) to martlet_admin;

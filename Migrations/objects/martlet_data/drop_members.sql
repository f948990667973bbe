-- after: martlet_data.members_table
-- People of lists that were replaced or never finished a day ago, which no run is still to read; and the members of runs that began longer ago than p_keep. Each by itself, and never
-- in the way: what somebody holds goes next time. Answers how many went.
create or replace function martlet_data.drop_members(p_keep interval) returns int
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '200ms' as $$
declare
    v_table text;
    v_gone  int := 0;
begin
    for v_table in
        select martlet_data.members_table('audience', a.id) from martlet_data.audiences a
            where a.state <> 'ready' and a.changed_at < clock_timestamp() - interval '1 day' and not exists (select from martlet_data.runs r where r.audience_id = a.id and r.is_open)
        union all select martlet_data.members_table('run', r.id) from martlet_data.runs r where not r.is_open and r.created_at < clock_timestamp() - p_keep loop
        continue when to_regclass(v_table) is null;
        begin
            execute format('drop table %s', v_table);
            v_gone := v_gone + 1;
        exception when lock_not_available then null;
        end;
    end loop;
    return v_gone;
end $$;

grant execute on function martlet_data.drop_members(interval) to martlet_worker;

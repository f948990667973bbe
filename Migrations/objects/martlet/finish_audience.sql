-- after: martlet_data.check_audience
create or replace function martlet.finish_audience(audience_id int, out members bigint, out rejected bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v martlet_data.audiences;
begin
    select * into v from martlet_data.audiences a where a.id = finish_audience.audience_id and a.owner = session_user for update;
    if not found or v.state <> 'building' then
        raise exception 'field audience_id: list % is not being built by %', audience_id, session_user using errcode = 'MT020', hint = 'Pass the number that begin_audience answered, once.';
    end if;
    perform martlet_data.check_audience(v.id);
    update martlet_data.audiences a set state = 'replaced', changed_at = clock_timestamp() where a.name = v.name and a.state = 'ready';
    update martlet_data.audiences a set state = 'ready', changed_at = clock_timestamp() where a.id = v.id returning a.members, a.rejected into finish_audience.members, finish_audience.rejected;
end $$;

comment on function martlet.finish_audience is 'Checks the list, takes out what cannot be used and doubles (martlet.audience_rejects says which), and puts it in the place of the one before. Runs that have begun keep theirs.';
grant execute on function martlet.finish_audience(int) to martlet_admin, martlet_producer;

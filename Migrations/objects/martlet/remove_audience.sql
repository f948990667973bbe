-- The list is no longer found by its name; its rows go when no run needs them (Retention).
create or replace function martlet.remove_audience(name text, why text) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_members bigint;
begin
    update martlet_data.audiences a set state = 'replaced', changed_at = clock_timestamp() where a.name = remove_audience.name and a.state = 'ready' returning a.members into v_members;
    if not found then
        raise exception 'field name: there is no audience %', coalesce(quote_literal(name), 'null') using errcode = 'MT020', hint = 'Check the name in martlet.audiences.';
    end if;
    insert into martlet_data.audit (action, object, why) values ('remove_audience', name, why);
    return v_members;
end $$;

comment on function martlet.remove_audience is 'Removes a list; runs that have begun keep their people. Answers how many it had.';
grant execute on function martlet.remove_audience(text, text) to martlet_admin;

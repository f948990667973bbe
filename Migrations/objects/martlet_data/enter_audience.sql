-- after: martlet_data.known_journey, martlet_data.enter_journey, martlet_data.members_table
-- The people of a journey's audience enter it, some at a time: those after row p_after of the list. Answers the last row that was looked at, null at the end.
create or replace function martlet_data.enter_audience(p_journey text, p_after bigint, p_limit int, out last bigint, out entered bigint, out looked bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    j      martlet_data.journeys := martlet_data.known_journey(p_journey);
    v_list int;
begin
    if j.audience is null then
        raise exception 'field journey: % is entered by an event, not by an audience', quote_literal(p_journey) using errcode = 'MT036', hint = 'Name a recipient, or write entry: {audience: NAME} in its file.';
    end if;
    select a.id into v_list from martlet_data.audiences a where a.name = j.audience and a.state = 'ready';
    if not found then
        raise exception 'field audience: there is no audience %', quote_literal(j.audience) using errcode = 'MT020', hint = 'Make it first: martlet audiences create. martlet audiences list shows those that there are.';
    end if;
    execute format($q$
        with people as materialized (select * from %s a where a.n > $1 order by a.n limit $2),
        seen as materialized (
            select p.n, martlet_data.enter_journey($3, p.person, (coalesce(p.variables::jsonb, '{}') || jsonb_strip_nulls(jsonb_build_object('sms', p.sms, 'email', p.email, 'addresses', p.addresses,
                'locale', p.locale, 'time_zone', p.time_zone, 'tier', p.tier)))::json) as is_in from people p)
        select max(n), count(*) filter (where is_in), count(*) from seen $q$, martlet_data.members_table('audience', v_list)) into last, entered, looked using coalesce(p_after, 0), p_limit, j.id;
    if entered > 0 then
        insert into martlet_data.audit (action, object, detail) values ('enter_journey', p_journey, jsonb_build_object('audience', j.audience, 'entered', entered));
    end if;
end $$;

grant execute on function martlet_data.enter_audience(text, bigint, int) to martlet_admin;

-- after: martlet_data.check_audience, martlet_data.members_table
create or replace function martlet.add_members(audience text, people jsonb, out members bigint, out rejected bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v martlet_data.audiences;
    v_unknown text;
begin
    select * into v from martlet_data.audiences a where a.name = audience and a.state = 'ready' and (a.owner = session_user or martlet_data.is_admin()) for update;
    if not found then
        raise exception 'field audience: there is no audience % of yours', coalesce(quote_literal(audience), 'null') using errcode = 'MT020', hint = 'Make it with martlet.create_audience, or check the name in martlet.audiences.';
    elsif jsonb_typeof(people) is distinct from 'array' or jsonb_array_length(people) > 10000 then
        raise exception 'field people: must be an array of at most 10000 objects' using errcode = 'MT021', hint = 'Such as [{"person": "c-1", "sms": "+8613800138000"}].';
    end if;
    select format('element %s: %s', p.n, coalesce('unknown field ' || quote_literal(k.key), 'is no object')) into v_unknown
        from jsonb_array_elements(people) with ordinality p(value, n)
        left join lateral jsonb_object_keys(case when jsonb_typeof(p.value) = 'object' then p.value else '{}' end) k(key)
            on k.key <> all (array['person', 'sms', 'email', 'addresses', 'locale', 'time_zone', 'tier', 'variables'])
        where k.key is not null or jsonb_typeof(p.value) <> 'object' order by p.n limit 1;
    if v_unknown is not null then
        raise exception 'field people: %', v_unknown using errcode = 'MT021', hint = 'Known: person, sms, email, addresses, locale, time_zone, tier, variables. Nothing of this call was added.';
    end if;
    insert into martlet_data.audience_members (audience_id, line, person, sms, email, addresses, locale, time_zone, tier, variables)
        select v.id, p.n, coalesce(p.value->>'person', p.value->>'sms', p.value->>'email'), p.value->>'sms', p.value->>'email', p.value->'addresses', p.value->>'locale', p.value->>'time_zone', p.value->>'tier', (p.value->'variables')::json
        from jsonb_array_elements(people) with ordinality p(value, n) order by p.n;
    perform martlet_data.check_audience(v.id);
    select a.members - v.members, a.rejected - v.rejected into members, rejected from martlet_data.audiences a where a.id = v.id;
end $$;

comment on function martlet.add_members is 'Adds people to a list; answers how many, and how many were rejected (martlet.audience_rejects). Runs that have begun do not change.';
grant execute on function martlet.add_members(text, jsonb) to martlet_admin, martlet_producer;

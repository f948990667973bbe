-- after: martlet_data.bucket_of, martlet_data.members_table, martlet_data.refuse_unknown
-- The first half of a start, in the transaction of the second (plan_run): a run with its people, taken from the list by one snapshot, each with a place and a variant.
-- Answers the zones, for which the caller plans chunks. Two runs of one campaign at the same time are two numbers; what a run has is never read from the campaign again.
create or replace function martlet_data.freeze_run(p_run jsonb) returns table (run_id int, zone smallint, time_zone text, first_place bigint, members bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set work_mem = '128MB' as $$
#variable_conflict use_column
declare
    a        martlet_data.audiences;
    v_id     int;
    v_table  text;
    v_bounds int[];
    v_held   smallint[];
    v_variant jsonb;
    v_missing text[];
    v_lacking bigint;
begin
    perform martlet_data.commit_durably();
    select * into a from martlet_data.audiences u where u.name = p_run->>'audience' and u.state = 'ready' for key share;
    if not found then
        raise exception 'field audience: there is no audience %', coalesce(quote_literal(p_run->>'audience'), 'null') using errcode = 'MT020', hint = 'Make it with martlet.create_audience or martlet audiences import, or correct the name.';
    elsif a.members = 0 then
        raise exception 'field audience: % has no members', quote_literal(a.name) using errcode = 'MT020', hint = 'See martlet.audience_rejects for what was taken out of it.';
    elsif not exists (select from martlet_data.time_zones z where z.name = p_run->>'fallback_zone') then
        raise exception 'field time_zone: unknown time zone %', coalesce(quote_literal(p_run->>'fallback_zone'), 'null') using errcode = 'MT005', hint = 'Use an IANA name such as Asia/Shanghai.';
    elsif p_run->>'pool' is not null and not exists (select from martlet_data.codes c where c.pool = p_run->>'pool' and c.state = 'free' and (c.valid_until > clock_timestamp()) is not false) then
        raise exception 'field codes: pool % has no free code', quote_literal(p_run->>'pool') using errcode = 'MT023', hint = 'Load some: martlet codes load, or martlet.load_codes.';
    end if;
    for v_variant in select * from jsonb_array_elements(p_run->'variants') loop
        continue when v_variant->>'template' is null;
        if not exists (select from martlet_data.enqueue_places p where p.template = v_variant->>'template' and p.class = p_run->>'class' and p.channel = p_run->>'channel') then
            perform martlet_data.refuse_unknown(p_run->>'class', p_run->>'channel', v_variant->>'template');
        end if;
        -- Of the first people only: enough to find a name that is spelt in another way.
        v_missing := array(select distinct r from (
            select distinct on (t.locale) t.required from martlet_data.templates t where t.key = v_variant->>'template' and t.channel = p_run->>'channel' and t.retired_at is null order by t.locale, t.version desc) t, unnest(t.required) r
            where r <> all (array(select jsonb_object_keys(coalesce(nullif(p_run->'variables', 'null'), '{}'))))  and not (r = p_run->>'code_name' and p_run->>'pool' is not null));
        if v_missing <> '{}' then
            execute format('select count(*) from (select m.variables from %s m order by m.n limit 10000) m where (m.variables::jsonb ?& $1) is not true', martlet_data.members_table('audience', a.id)) into v_lacking using v_missing;
            if v_lacking > 0 then
                raise exception 'field template: % needs the variables %, which % of the first members do not all have', quote_literal(v_variant->>'template'), array_to_string(v_missing, ', '), v_lacking using errcode = 'MT022',
                    hint = 'Put them into the audience''s variables, or into variables of the campaign.';
            end if;
        end if;
    end loop;
    insert into martlet_data.runs (campaign, version, definition, audience_id, seed, class, channel, sender, variables, fallback_zone, window_from, window_until, missed, pool, code_name, goal, pace, members, needs_approval)
        values (p_run->>'campaign', (p_run->>'version')::int, p_run->>'definition', a.id, p_run->>'seed', p_run->>'class', p_run->>'channel', p_run->>'sender', nullif(p_run->'variables', 'null'), p_run->>'fallback_zone',
            (p_run->>'window_from')::smallint, (p_run->>'window_until')::smallint, coalesce(p_run->>'missed', 'tomorrow'), p_run->>'pool', coalesce(p_run->>'code_name', 'code'), p_run->>'goal', (p_run->>'pace')::float8, 0, coalesce((p_run->>'needs_approval')::boolean, false))
        returning id into v_id;
    insert into martlet_data.run_variants (run_id, variant, name, template, share)
        select v_id, n, v->>'name', v->>'template', (v->>'share')::int from jsonb_array_elements(p_run->'variants') with ordinality e(v, n);
    -- Upper bounds of all but the last, and which of them get nothing.
    select array_agg(s.bound order by s.variant), array_agg(s.variant) filter (where s.template is null) into v_bounds, v_held
        from (select r.*, sum(r.share) over (order by r.variant)::int as bound from martlet_data.run_variants r where r.run_id = v_id) s;
    if v_bounds[cardinality(v_bounds)] is distinct from 10000 then
        raise exception 'field variants: the shares add up to % ten-thousandths, not 10000', v_bounds[cardinality(v_bounds)] using errcode = 'MT022', hint = 'Correct the shares.';
    end if;
    v_table := martlet_data.members_table('run', v_id);
    execute format('create table %s (like martlet_data.run_members including defaults including comments including storage) with (fillfactor = 70)', v_table);
    execute format($q$
        insert into %s (run_id, place, n, variant, state, person)
        select $1, row_number() over (order by q.time_zone nulls first, q.n), q.n, q.variant, case when q.variant = any ($4) then 3 else 0 end, q.person
        from (select m.n, m.person, m.time_zone, (width_bucket(martlet_data.bucket_of($2, m.person), $3) + 1)::smallint as variant from %s m where m.n <= $5) q
        $q$, v_table, martlet_data.members_table('audience', a.id)) using v_id, p_run->>'seed', trim_array(v_bounds, 1) || 10001, coalesce(v_held, '{}'), a.checked;
    execute format('create unique index on %s (place)', v_table);
    execute format('create unique index on %s (person)', v_table);
    -- None that holds what a release changes: so its update touches no index.
    execute format('analyze %s', v_table);
    execute format('alter table martlet_data.run_members attach partition %s for values in (%s)', v_table, v_id);
    execute format($q$
        insert into martlet_data.run_zones (run_id, zone, time_zone, is_fallback, first_place, members)
        select $1, row_number() over (order by min(m.place)), coalesce(u.time_zone, $2), u.time_zone is null, min(m.place), count(*)
        from %s m join %s u on u.n = m.n group by u.time_zone $q$, v_table, martlet_data.members_table('audience', a.id)) using v_id, p_run->>'fallback_zone';
    update martlet_data.runs r set members = (select sum(z.members) from martlet_data.run_zones z where z.run_id = v_id) where r.id = v_id;
    return query select z.run_id, z.zone, z.time_zone, z.first_place, z.members from martlet_data.run_zones z where z.run_id = v_id order by z.zone;
end $$;

grant execute on function martlet_data.freeze_run(jsonb) to martlet_admin;

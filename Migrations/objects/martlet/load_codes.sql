create or replace function martlet.load_codes(pool text, codes text[], valid_until timestamptz default null, out loaded bigint, out doubles bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_bad text;
begin
    if pool is null or pool !~ '^[a-z0-9][a-z0-9_-]{0,62}$' then
        raise exception 'field pool: % is no name of a pool', coalesce(quote_literal(pool), 'null') using errcode = 'MT023', hint = 'Use lower-case letters, digits, - and _, a letter or digit first, at most 63 characters.';
    elsif valid_until <= clock_timestamp() then
        raise exception 'field valid_until: % is past', valid_until using errcode = 'MT023', hint = 'Leave it out for codes that do not expire.';
    end if;
    select format('code %s is %s', n, case when c is null then 'null' else 'empty, too long or has control characters or white space' end) into v_bad
        from unnest(codes) with ordinality u(c, n) where c is null or length(c) not between 1 and 64 or c ~ '[[:cntrl:][:space:]]' order by n limit 1;
    if v_bad is not null then
        raise exception 'field codes: %', v_bad using errcode = 'MT023', hint = 'A code has 1 to 64 characters without spaces. Nothing of this call was loaded.';
    end if;
    insert into martlet_data.code_pools (name) values (pool) on conflict do nothing;
    insert into martlet_data.codes (pool, code, valid_until) select pool, c, valid_until from (select c, min(n) as n from unnest(codes) with ordinality u(c, n) group by c) u order by n on conflict do nothing;
    get diagnostics loaded = row_count;
    doubles := coalesce(cardinality(codes), 0) - loaded;
    -- A run that stood still because the pool was dry goes on. No other pause is lifted by this.
    if loaded > 0 then
        update martlet_data.run_pauses p set lifted_at = clock_timestamp(), lifted_by = session_user from martlet_data.runs r
            where r.id = p.run_id and r.pool = load_codes.pool and p.reason = 'pool_dry' and p.lifted_at is null;
    end if;
end $$;

comment on function martlet.load_codes is 'Puts codes into a pool, which it makes; answers how many are new and how many were there already. A run that waits for codes goes on.';
grant execute on function martlet.load_codes(text, text[], timestamptz) to martlet_admin, martlet_producer;

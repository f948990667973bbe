-- Gives back what attempts that certainly did not happen have taken of budgets, at most once. What was taken on a day that is over stays there.
-- Locks the attempts, then the budgets in the order of their keys as Admit does, and looks in later statements. Runs as its owner, so that
-- attempts stay append-only for workers. The range excludes partitions, which an array does not.
create or replace function martlet_data.release_budgets(p_message_ids bigint[], p_attempts smallint[]) returns int
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
    v_first bigint := (select min(i) from unnest(p_message_ids) i);
    v_last  bigint := (select max(i) from unnest(p_message_ids) i);
    v_keys  text[];
    v_count int;
begin
    perform 1 from martlet_data.attempts a
        where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last and a.budgets is not null
        order by a.message_id, a.attempt for no key update;
    if not found then
        return 0;
    end if;
    select array_agg(distinct k.key) into v_keys
        from martlet_data.attempts a join unnest(p_message_ids, p_attempts) i(message_id, attempt) on i.message_id = a.message_id and i.attempt = a.attempt
            cross join lateral unnest(a.budgets) k(key)
        where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last and a.budgets is not null;
    perform 1 from martlet_data.budget_usage u where u.key = any (v_keys) order by u.key for no key update;
    update martlet_data.budget_usage u set used = greatest(0, u.used - g.amount)
        from (select w.key, sum(case when w.unit = 'segments' then a.segments when w.unit = a.currency then a.cost_micros else 0 end)::bigint as amount
            from martlet_data.attempts a join unnest(p_message_ids, p_attempts) i(message_id, attempt) on i.message_id = a.message_id and i.attempt = a.attempt
                cross join lateral unnest(a.budgets) k(key) join martlet_data.budget_usage w on w.key = k.key
            where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last
                and a.admitted_at >= w.starts_at and a.admitted_at < w.ends_at
            group by w.key) g
        where u.key = g.key;
    update martlet_data.attempts a set budgets = null
        from unnest(p_message_ids, p_attempts) i(message_id, attempt)
        where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last
            and a.message_id = i.message_id and a.attempt = i.attempt and a.budgets is not null;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

grant execute on function martlet_data.release_budgets(bigint[], smallint[]) to martlet_worker;

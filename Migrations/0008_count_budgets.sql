-- Why: budgets of a day (segments or money, over many recipients), what was sent and what it cost, receipts that never came, levels for metrics.
-- Locks: attempts and its partitions, exclusively, for as long as it takes to add a column without a default (milliseconds). Compatible: yes.
set local role martlet_owner;

-- Budgets -----------------------------------------------------------------------------------------------------------------------
-- What the policy says, for views; workers take it from the policy itself.
create table martlet_data.budgets (
    name        text collate "C" primary key,
    classes     text[]   not null,
    channels    text[]   not null,
    providers   text[]   not null,
    per_group   boolean  not null,
    time_zone   text collate "C" not null,
    unit        text collate "C" not null,
    amount      bigint   not null check (amount >= 0),
    over        text collate "C" not null check (over in ('defer', 'stop')),
    retired_at  timestamptz
);
comment on column martlet_data.budgets.classes is 'Empty: all; so are channels and providers.';
comment on column martlet_data.budgets.unit is '''segments'', or the currency of amount, which is in millionths then.';

-- One row for each budget, or each budget and group. Locked by Admit from its look to its commit: what is used is never more than the limit.
create table martlet_data.budget_usage (
    key        text collate "C" not null primary key,
    unit       text collate "C" not null,
    used       bigint      not null check (used >= 0),
    starts_at  timestamptz not null,
    ends_at    timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02); -- updates are HOT
comment on column martlet_data.budget_usage.key is 'The budget''s name; with the group''s key behind a slash where each group has the budget for itself.';
comment on column martlet_data.budget_usage.ends_at is 'Midnight in the budget''s zone; from then on nothing is used.';

alter table martlet_data.attempts add column budgets text[];
comment on column martlet_data.attempts.budgets is 'Keys of the budgets that this attempt counts in; null: in none, or given back.';

-- Gives back what attempts that certainly did not happen have taken of budgets, at most once. What was taken on a day that is over stays there.
-- Locks the attempts, then the budgets in the order of their keys as Admit does, and looks in later statements. Runs as its owner, so that
-- attempts stay append-only for workers. The range excludes partitions, which an array does not.
create function martlet_data.release_budgets(p_message_ids bigint[], p_attempts smallint[]) returns int
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

create view martlet.budgets as
    select b.name, substr(u.key, length(b.name) + 2) as group_key, b.classes, b.channels, b.providers, b.unit, b.amount as limit_amount, c.used,
        greatest(0, b.amount - c.used) as left_amount, b.over, b.time_zone,
        (date_trunc('day', clock_timestamp() at time zone b.time_zone) + interval '1 day') at time zone b.time_zone as renews_at
    from martlet_data.budgets b
    left join martlet_data.budget_usage u on case when b.per_group then starts_with(u.key, b.name || '/') and u.ends_at > clock_timestamp() else u.key = b.name end
    cross join lateral (select case when u.ends_at > clock_timestamp() and u.unit = b.unit then u.used else 0 end as used) c
    where b.retired_at is null;
comment on view martlet.budgets is 'What is used of each budget today. Amounts in segments, or in millionths of the currency that unit names; group_key: where each group has the budget for itself.';

grant insert, update, delete on martlet_data.budget_usage to martlet_worker;
grant insert, update on martlet_data.budgets to martlet_admin;
grant execute on function martlet_data.release_budgets to martlet_worker;
grant select on martlet.budgets to martlet_admin, martlet_reader;

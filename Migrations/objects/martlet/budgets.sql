create or replace view martlet.budgets as
    select b.name, nullif(substr(u.key, length(b.name) + 2), '') as group_key, b.classes, b.channels, b.providers, b.unit, b.amount as limit_amount, c.used,
        greatest(0, b.amount - c.used) as left_amount, b.over, b.time_zone,
        (date_trunc('day', clock_timestamp() at time zone b.time_zone) + interval '1 day') at time zone b.time_zone as renews_at
    from martlet_data.budgets b
    left join martlet_data.budget_usage u on case when b.per_group then starts_with(u.key, b.name || '/') and u.ends_at > clock_timestamp() else u.key = b.name end
    cross join lateral (select case when u.ends_at > clock_timestamp() and u.unit = b.unit then u.used else 0 end as used) c
    where b.retired_at is null;

comment on view martlet.budgets is 'What is used of each budget today. Amounts in segments, or in millionths of the currency that unit names; group_key: where each group has the budget for itself.';
grant select on martlet.budgets to martlet_admin, martlet_reader;

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
    select b.name, nullif(substr(u.key, length(b.name) + 2), '') as group_key, b.classes, b.channels, b.providers, b.unit, b.amount as limit_amount, c.used,
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

-- What was sent, and what it cost -------------------------------------------------------------------------------------------------
-- Carriers bill what they accepted: an attempt counts when its provider said accepted, delivered or undelivered of it. In doubt are those
-- without an answer or with an unknown one. Bounded by when messages were enqueued, because the days' partitions are by that.
-- By day of their own: nothing has an index on times, which would cost every message.
create function martlet.provider_usage(since timestamptz, enqueued_since timestamptz default null) returns table (provider text, currency text, sent bigint,
        accepted bigint, delivered bigint, undelivered bigint, refused bigint, in_doubt bigint, segments bigint, cost_micros numeric, in_doubt_micros numeric, unpriced bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set work_mem = '64MB' as $$
    with handed as materialized (
        select a.message_id, a.attempt, a.provider, a.segments, a.cost_micros, a.currency from martlet_data.attempts a
        where a.message_id >= martlet_data.first_id(coalesce(enqueued_since, since - interval '8 days')) and a.admitted_at >= since),
    said as materialized (
        select r.message_id, r.attempt, bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as accepted, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind in ('deferred', 'rejected')) as refused
        from martlet_data.receipts r
        where r.message_id >= martlet_data.first_id(coalesce(enqueued_since, since - interval '8 days')) and r.at >= since and r.attempt is not null
        group by r.message_id, r.attempt),
    judged as (
        select h.provider, h.currency, h.segments, h.cost_micros, coalesce(s.accepted, false) as accepted, coalesce(s.delivered, false) as delivered,
            coalesce(s.undelivered and not s.delivered, false) as undelivered, coalesce(s.refused and not s.accepted, false) as refused
        from handed h left join said s on s.message_id = h.message_id and s.attempt = h.attempt)
    select j.provider, j.currency, count(*), count(*) filter (where j.accepted), count(*) filter (where j.delivered), count(*) filter (where j.undelivered),
        count(*) filter (where j.refused), count(*) filter (where not j.accepted and not j.refused), coalesce(sum(j.segments) filter (where j.accepted), 0),
        coalesce(sum(j.cost_micros) filter (where j.accepted), 0), coalesce(sum(j.cost_micros) filter (where not j.accepted and not j.refused), 0),
        count(*) filter (where j.accepted and j.cost_micros is null)
    from judged j group by j.provider, j.currency order by j.provider, j.currency $$;
comment on function martlet.provider_usage is 'Hand-overs admitted since then, of messages enqueued at most 8 days before that (or since enqueued_since), by provider and currency.';

-- Of the messages enqueued since then, all or those of a group or class: what became of them, and who opted out (or complained) afterwards.
create function martlet.report_messages(since timestamptz, group_key text default null, class text default null, opt_out_within interval default '7 days')
        returns table (class_name text, messages bigint, accepted bigint, delivered bigint, undelivered bigint, waiting bigint, suppressed bigint, capped bigint,
            expired bigint, cancelled bigint, dead bigint, opted_out bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set work_mem = '64MB' as $$
    with chosen as materialized (
        select m.id, m.class_id, m.address, h.name as channel from martlet_data.messages m join martlet_data.channels h on h.id = m.channel_id
        where m.id >= martlet_data.first_id(report_messages.since) and (report_messages.group_key is null or m.group_key = report_messages.group_key)
            and (report_messages.class is null or m.class_id = (select c.id from martlet_data.classes c where c.name = report_messages.class))),
    ends as materialized (
        select r.message_id, min(r.at) filter (where r.kind in ('accepted', 'delivered', 'undelivered')) as accepted_at, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind = 'suppressed') as suppressed, bool_or(r.kind = 'capped') as capped,
            bool_or(r.kind = 'expired') as expired, bool_or(r.kind in ('cancelled', 'discarded')) as cancelled
        from martlet_data.receipts r where r.message_id >= martlet_data.first_id(report_messages.since) group by r.message_id),
    dead as materialized (select d.message_id from martlet_data.dead_letters d where d.message_id >= martlet_data.first_id(report_messages.since)),
    -- One person opts out of what came last: each address counts once in a class.
    outs as (
        select o.class_id, count(distinct (o.channel, o.address)) as people
        from (select c.class_id, c.channel, c.address, e.accepted_at from chosen c join ends e on e.message_id = c.id where e.accepted_at is not null) o
        join martlet_data.suppressions s on s.address = o.address and s.channel = o.channel
        where s.reason in ('opt_out', 'opt_out_text', 'complaint') and s.created_at >= o.accepted_at and s.created_at < o.accepted_at + report_messages.opt_out_within
        group by o.class_id),
    counted as (
        select c.class_id, count(*) as messages, count(*) filter (where e.accepted_at is not null) as accepted, count(*) filter (where e.delivered) as delivered,
            count(*) filter (where e.undelivered and not e.delivered) as undelivered,
            count(*) filter (where e.accepted_at is null and d.message_id is null
                and (e.message_id is null or not (e.suppressed or e.capped or e.expired or e.cancelled))) as waiting,
            count(*) filter (where e.accepted_at is null and e.suppressed) as suppressed, count(*) filter (where e.accepted_at is null and e.capped) as capped,
            count(*) filter (where e.accepted_at is null and e.expired) as expired, count(*) filter (where e.accepted_at is null and e.cancelled) as cancelled,
            count(d.message_id) as dead
        from chosen c left join ends e on e.message_id = c.id left join dead d on d.message_id = c.id group by c.class_id)
    select k.name, n.messages, n.accepted, n.delivered, n.undelivered, n.waiting, n.suppressed, n.capped, n.expired, n.cancelled, n.dead, coalesce(o.people, 0)
    from counted n join martlet_data.classes k on k.id = n.class_id left join outs o on o.class_id = n.class_id order by k.lane, k.name $$;

-- What the same messages cost, by class, provider and currency: each hand-over by itself, as it is billed.
create function martlet.report_costs(since timestamptz, group_key text default null, class text default null)
        returns table (class_name text, provider text, currency text, accepted bigint, delivered bigint, undelivered bigint, in_doubt bigint, segments bigint,
            cost_micros numeric, in_doubt_micros numeric, unpriced bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set work_mem = '64MB' as $$
    with chosen as materialized (
        select m.id, m.class_id from martlet_data.messages m
        where m.id >= martlet_data.first_id(report_costs.since) and (report_costs.group_key is null or m.group_key = report_costs.group_key)
            and (report_costs.class is null or m.class_id = (select c.id from martlet_data.classes c where c.name = report_costs.class))),
    said as materialized (
        select r.message_id, r.attempt, bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as accepted, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind in ('deferred', 'rejected')) as refused
        from martlet_data.receipts r where r.message_id >= martlet_data.first_id(report_costs.since) and r.attempt is not null group by r.message_id, r.attempt),
    judged as (
        select c.class_id, a.provider, a.currency, a.segments, a.cost_micros, coalesce(s.accepted, false) as accepted, coalesce(s.delivered, false) as delivered,
            coalesce(s.undelivered and not s.delivered, false) as undelivered, coalesce(s.refused and not s.accepted, false) as refused
        from chosen c join martlet_data.attempts a on a.message_id = c.id left join said s on s.message_id = a.message_id and s.attempt = a.attempt
        where a.message_id >= martlet_data.first_id(report_costs.since))
    select k.name, j.provider, j.currency, count(*) filter (where j.accepted), count(*) filter (where j.delivered), count(*) filter (where j.undelivered),
        count(*) filter (where not j.accepted and not j.refused), coalesce(sum(j.segments) filter (where j.accepted), 0),
        coalesce(sum(j.cost_micros) filter (where j.accepted), 0), coalesce(sum(j.cost_micros) filter (where not j.accepted and not j.refused), 0),
        count(*) filter (where j.accepted and j.cost_micros is null)
    from judged j join martlet_data.classes k on k.id = j.class_id group by k.lane, k.name, j.provider, j.currency order by k.lane, k.name, j.provider, j.currency $$;

-- Receipts that never came ---------------------------------------------------------------------------------------------------------
-- Providers whose receipts are expected, and until when; written by `config apply`.
create table martlet_data.receipt_promises (
    provider        text collate "C" primary key,
    receipt_within  interval not null check (receipt_within > interval '0')
);
create view martlet.missing_receipts as
    select r.provider, r.message_id, r.attempt, r.at as accepted_at, r.at + p.receipt_within as missing_since, r.reference
    from martlet_data.receipt_promises p join martlet_data.receipts r on r.provider = p.provider
    where r.kind = 'accepted' and r.message_id >= martlet_data.first_id(now() - interval '8 days') and r.at < now() - p.receipt_within
        and not exists (select from martlet_data.receipts d where d.message_id = r.message_id and d.attempt = r.attempt and d.kind in ('delivered', 'undelivered'));
comment on view martlet.missing_receipts is 'Hand-overs of messages of the last 8 days that the provider accepted and said nothing about within its receipt_within.';

-- Of the messages that were enqueued within `since` (at most a day) before the time of their receipts was up: by provider.
create function martlet.missing_receipts_since(since interval) returns table (provider text, receipt_within interval, accepted bigint, missing bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set work_mem = '64MB' as $$
    with bounds as materialized (
        select p.provider, p.receipt_within, clock_timestamp() - p.receipt_within as time_up,
            martlet_data.first_id(clock_timestamp() - p.receipt_within - least(greatest(since, interval '1 second'), interval '1 day')) as first,
            martlet_data.first_id(clock_timestamp() - p.receipt_within) as last
        from martlet_data.receipt_promises p),
    hand_overs as (
        select r.provider, r.message_id, min(r.at) filter (where r.kind = 'accepted') as accepted_at, bool_or(r.kind in ('delivered', 'undelivered')) as told
        from martlet_data.receipts r
        where r.message_id >= (select min(b.first) from bounds b) and r.message_id < (select max(b.last) from bounds b)
            and r.kind in ('accepted', 'delivered', 'undelivered') and r.provider is not null and r.attempt is not null
        group by r.message_id, r.attempt, r.provider)
    select b.provider, b.receipt_within, count(h.message_id), count(h.message_id) filter (where not h.told)
    from bounds b left join hand_overs h on h.provider = b.provider and h.message_id >= b.first and h.message_id < b.last and h.accepted_at < b.time_up
    group by b.provider, b.receipt_within order by b.provider $$;

-- By the index in its order, in groups as they come: a hash of a million groups goes to disk (1,000,000 messages on a busy machine, single runs at
-- different times: provider_slo_since 4.5 s and more before, 1.7 s after; slo_since 4.7-10.2 s before, 4.0-5.1 s after).
alter function martlet.slo_since set enable_hashagg = off;
alter function martlet.slo_since set enable_bitmapscan = off;
alter function martlet.provider_slo_since set enable_hashagg = off;
alter function martlet.provider_slo_since set enable_bitmapscan = off;
alter function martlet.missing_receipts_since set enable_hashagg = off;
alter function martlet.missing_receipts_since set enable_bitmapscan = off;

-- Levels for metrics ---------------------------------------------------------------------------------------------------------------
-- What one worker measured last for all of them: figures by class, provider and budget.
create table martlet_data.levels (
    kind         text collate "C" not null check (kind in ('class', 'provider', 'budget', 'measure')),
    name         text collate "C" not null,
    figure       text collate "C" not null,
    value        float8           not null,
    measured_at  timestamptz      not null default clock_timestamp(),
    primary key (kind, name, figure)
);
-- Measures over the last `p_span`. By whoever has the duty; runs as its owner.
create function martlet_data.measure_levels(p_span interval) returns float8
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_began timestamptz := clock_timestamp();
    v_took  float8;
begin
    delete from martlet_data.levels;
    insert into martlet_data.levels (kind, name, figure, value)
        select 'class', s.class, f.figure, f.value from martlet.slo_since(p_span) s cross join lateral (values
            ('within_share', s.within_share::float8), ('accepted_share', s.accepted_share::float8), ('overdue', s.overdue::float8),
            ('oldest_waiting_seconds', coalesce(extract(epoch from s.oldest_waiting)::float8, 0)), ('peak_delay_seconds', extract(epoch from s.peak_delay)::float8)) f(figure, value)
        where f.value is not null
        union all
        select 'provider', s.provider, f.figure, f.value from martlet.provider_slo_since(p_span) s cross join lateral (values
            ('delivered_share', s.delivered_share::float8), ('reported_share', s.reported_share::float8)) f(figure, value)
        where f.value is not null
        union all
        select 'provider', m.provider, f.figure, f.value from martlet.missing_receipts_since(p_span) m cross join lateral (values
            ('missing_receipts', m.missing::float8), ('missing_receipts_share', m.missing::float8 / nullif(m.accepted, 0))) f(figure, value)
        where f.value is not null
        union all
        select 'budget', b.name || ' ' || b.unit, f.figure, f.value from martlet.budgets b cross join lateral (values
            ('used', b.used::float8), ('limit', b.limit_amount::float8)) f(figure, value)
        where b.group_key is null;
    v_took := extract(epoch from clock_timestamp() - v_began);
    insert into martlet_data.levels (kind, name, figure, value)
        values ('measure', '', 'span_seconds', extract(epoch from p_span)), ('measure', '', 'took_seconds', v_took);
    return v_took;
end $$;

grant execute on function martlet.provider_usage, martlet.report_messages, martlet.report_costs, martlet.missing_receipts_since to martlet_reader, martlet_admin;
grant select on martlet.missing_receipts to martlet_reader, martlet_admin;
grant execute on function martlet_data.first_id to martlet_reader; -- a view's functions run as its reader
grant insert, update, delete on martlet_data.receipt_promises to martlet_admin;
grant execute on function martlet_data.measure_levels to martlet_worker;

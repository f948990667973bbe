-- after: martlet_data.report_parts
-- What report_messages and report_costs say, by kept counts and what came since: rows without a provider are messages by class, the others hand-overs by class,
-- provider and currency. waiting: messages that wait; hand-overs whose outcome is not known.
create or replace function martlet.report(since timestamptz, group_key text default null, class text default null)
        returns table (class_name text, provider text, currency text, messages bigint, accepted bigint, delivered bigint, undelivered bigint, waiting bigint, suppressed bigint,
            capped bigint, expired bigint, cancelled bigint, dead bigint, clicked bigint, opened bigint, segments bigint, cost_micros numeric, waiting_micros numeric, unpriced bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with known as (select k.id from martlet_data.classes k where k.name = report.class)
    select k.name, nullif(p.provider, ''), nullif(p.currency, ''), sum(p.messages)::bigint, sum(p.accepted)::bigint, sum(p.delivered)::bigint, sum(p.undelivered)::bigint,
        sum(p.waiting)::bigint, sum(p.suppressed)::bigint, sum(p.capped)::bigint, sum(p.expired)::bigint, sum(p.cancelled)::bigint, sum(p.dead)::bigint, sum(p.clicked)::bigint,
        sum(p.opened)::bigint, sum(p.segments)::bigint, sum(p.cost_micros), sum(p.waiting_micros), sum(p.unpriced)::bigint
    from martlet_data.report_parts(report.since, report.group_key, case when report.class is not null then coalesce((select id from known), -1::smallint) end) p
    join martlet_data.classes k on k.id = p.class_id group by k.lane, k.name, p.provider, p.currency having sum(p.messages) > 0 order by k.lane, k.name, 2 nulls first, 3 $$;

comment on function martlet.report is 'What became of the messages enqueued since then, and what they cost: fast, because workers keep counts of five minutes each.';
grant execute on function martlet.report(timestamp with time zone, text, text) to martlet_admin, martlet_reader;

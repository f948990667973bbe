-- Why: the views of the contract, and who may do what. Addresses are masked for everybody but admins.
-- Locks: none on existing tables. Compatible: yes.
set local role martlet_owner;

create function martlet_data.shown(p_address text) returns text
    language sql stable as $$ select case when pg_has_role(current_user, 'martlet_admin', 'usage') then p_address else martlet_data.mask(p_address) end $$;

create view martlet.attempts as
    select a.message_id, a.attempt, a.provider, a.session, a.admitted_at, a.send_by, a.template_version, a.segments, a.cost_micros, a.currency,
        o.kind as outcome, o.at as answered_at, o.code, o.detail, o.reference
    from martlet_data.attempts a
    left join lateral (select r.* from martlet_data.receipts r
        where r.message_id = a.message_id and r.attempt = a.attempt and r.kind in ('accepted', 'deferred', 'rejected', 'unknown')
        order by (r.kind <> 'unknown') desc, r.at limit 1) o on true;

create view martlet.receipts as
    select r.message_id, r.at, r.kind, r.attempt, r.provider, r.code, r.detail, r.reference, r.stale, r.actor, nullif(r.part, 0) as part
    from martlet_data.receipts r
    union all
    select a.message_id, a.admitted_at, 'admitted', a.attempt, a.provider, null, null, null, false, null, null from martlet_data.attempts a;

create view martlet.message_status as
    select m.id as message_id, c.name as class, ch.name as channel, martlet_data.shown(m.recipient_key) as recipient_key,
        martlet_data.shown(m.address) as address, m.template, m.group_key, m.producer, m.created_at,
        coalesce(q.expires_at, m.expires_at) as expires_at,
        case when d.message_id is not null then 'dead'
             when f.kind is not null then f.kind
             when l.message_id is not null and a.message_id is not null then 'sending'
             when l.message_id is not null then 'leased'
             when u.message_id is not null then 'due'
             else 'ready' end as state,
        case when d.message_id is not null then d.reason
             when f.kind is not null then f.code
             when u.message_id is not null and l.message_id is null then u.reason end as reason,
        case when d.message_id is null and f.kind is null and l.message_id is null then u.due_at end as until,
        case when d.message_id is not null then d.died_at else f.at end as ended_at
    from martlet_data.messages m
    join martlet_data.classes c on c.id = m.class_id
    join martlet_data.channels ch on ch.id = m.channel_id
    left join martlet_data.dead_letters d on d.message_id = m.id
    left join martlet_data.leased l on l.message_id = m.id
    left join martlet_data.attempts a on a.message_id = m.id and a.attempt = l.attempt + 1
    left join martlet_data.due u on u.message_id = m.id
    left join lateral (select r.expires_at, r.requeued_at from martlet_data.requeues r where r.message_id = m.id order by r.series desc limit 1) q on true
    left join lateral (select r.kind, r.code, r.at from martlet_data.receipts r
        where r.message_id = m.id and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')
            and (q.requeued_at is null or r.at >= q.requeued_at and (r.kind <> 'undelivered' or r.attempt is null or exists (
                -- That a try before the requeue failed says nothing about those that follow it.
                select from martlet_data.attempts b where b.message_id = m.id and b.attempt = r.attempt and b.admitted_at >= q.requeued_at)))
        -- Once delivered is delivered; else the newest attempt that got somewhere counts.
        order by (r.kind <> 'delivered'), case when r.kind in ('accepted', 'undelivered') then r.attempt end desc nulls last,
            case r.kind when 'undelivered' then 0 when 'accepted' then 1 else 2 end, r.at desc limit 1) f on true;

create view martlet.dead_letters as
    select d.message_id, d.class, d.channel, martlet_data.shown(d.recipient_key) as recipient_key, martlet_data.shown(d.address) as address,
        d.template, d.provider, d.reason, d.explanation, d.remedy, d.died_at, d.attempt as attempts, martlet.created_at(d.message_id) as created_at
    from martlet_data.dead_letters d;

create view martlet.lanes as
    select l.lane, (select string_agg(c.name, ', ' order by c.name) from martlet_data.classes c where c.lane = l.lane and c.retired_at is null) as classes,
        coalesce(r.ready, 0) as ready, r.oldest, coalesce(u.due, 0) as due, u.next_due, coalesce(e.leased, 0) as leased, l.paused_at, l.paused_by, l.pause_reason
    from martlet_data.lanes l
    left join (select s.lane, count(*) as ready, martlet.created_at(min(r.message_id)) as oldest
        from martlet_data.ready r join martlet_data.segments s on s.kind = 'ready' and s.slot = r.slot group by s.lane) r on r.lane = l.lane
    left join (select lane, count(*) as due, min(due_at) as next_due from martlet_data.due group by lane) u on u.lane = l.lane
    left join (select lane, count(*) as leased from martlet_data.leased group by lane) e on e.lane = l.lane;
comment on view martlet.lanes is 'Counts every waiting row: seconds with millions waiting. Lane 8 is where messages wait whose worker died with them.';

create view martlet.workers as
    select s.id as session, s.worker, s.host, s.pid, s.version, s.started_at, s.beat_at, s.in_flight, s.is_draining, s.fenced_at, s.ended_at,
        case when s.ended_at is not null then 'ended' when s.fenced_at is not null then 'fenced'
             when s.beat_at < clock_timestamp() - interval '10 seconds' then 'stale' when s.is_draining then 'draining' else 'live' end as state
    from martlet_data.sessions s;

create view martlet.suppressions as
    select s.id, s.channel, martlet_data.shown(s.address) as address, s.scope, s.reason, s.created_at, s.created_by, s.lifted_at, s.lifted_by, s.lift_reason
    from martlet_data.suppressions s;

-- A long text is shown whole once all its parts are there, and until then as far as they are.
create view martlet.inbound_texts as
    select t.first as id, t.at, t.provider, martlet_data.shown(t.sender) as sender, t.recipient, t.body, t.data_coding, t.octets, t.parts, t.parts_here,
        t.parts_here = t.parts as is_complete
    from (select coalesce(i.first_id, i.id) as first, min(i.at) as at, min(i.provider) as provider, min(i.sender) as sender, min(i.recipient) as recipient,
            case when bool_and(i.body is not null) then string_agg(i.body, '' order by i.part) end as body, min(i.data_coding) as data_coding,
            string_agg(i.octets, ''::bytea order by i.part) as octets, min(i.parts) as parts, count(*)::smallint as parts_here
        from martlet_data.inbound_texts i group by coalesce(i.first_id, i.id)) t;
comment on view martlet.inbound_texts is 'What people wrote to our numbers; at least once each. body is null where data_coding is none that Martlet reads.';

create view martlet.unmatched_events as
    select e.provider, e.kind, e.reason, count(*) as events, count(*) filter (where e.next_try is not null) as waiting, min(e.at) as oldest, max(e.at) as newest
    from martlet_data.provider_events e group by e.provider, e.kind, e.reason;
comment on view martlet.unmatched_events is 'What providers said about messages that were not found; waiting: is still tried again.';

-- How well it is served. Of messages that were enqueued within p_since (at most a day) before now, by id: the days' partitions and their
-- indexes bound the work. Functions, because a view has no argument; they run as their owner, because readers see no tables.
-- Planned for a window that the planner cannot know, and perhaps without statistics: a part of an index, and no join that is quadratic.
create function martlet.slo_since(since interval) returns table (class text, promise interval, messages bigint, held bigint, accepted bigint, within bigint, overdue bigint,
        failed bigint, within_share numeric, accepted_share numeric, oldest_waiting interval, p99_delay interval, peak_delay interval)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set work_mem = '64MB' as $$
    with bounds as materialized (
        select clock_timestamp() as now, martlet_data.first_id(clock_timestamp() - least(greatest(since, interval '1 second'), interval '1 day')) as first),
    ends as materialized (
        select r.message_id, min(r.at) filter (where r.kind in ('accepted', 'delivered')) as accepted_at, bool_or(r.kind in ('postponed', 'requeued')) as held,
            bool_or(r.kind = 'expired') as expired, bool_or(r.kind in ('suppressed', 'capped', 'cancelled', 'discarded')) as stopped
        from martlet_data.receipts r where r.message_id >= (select first from bounds) group by r.message_id),
    dead as materialized (
        select d.message_id from martlet_data.dead_letters d where d.message_id >= (select first from bounds)),
    judged as (
        select m.class_id, c.accept_within as promise, coalesce(e.held, false) as held, e.accepted_at is not null as accepted,
            e.accepted_at is null and (coalesce(e.expired, false) or d.message_id is not null) as failed,
            coalesce(e.stopped, false) and e.accepted_at is null as stopped,
            coalesce(e.accepted_at, b.now) - coalesce(m.scheduled_at, m.created_at) as delay
        from martlet_data.messages m cross join bounds b join martlet_data.classes c on c.id = m.class_id
        left join ends e on e.message_id = m.id left join dead d on d.message_id = m.id
        where m.id >= (select first from bounds) and (m.scheduled_at is null or m.scheduled_at <= b.now)),
    counted as (
        select j.class_id, count(*) as messages, count(*) filter (where held) as held, count(*) filter (where accepted and not held) as accepted,
            count(*) filter (where accepted and not held and delay <= promise) as within,
            count(*) filter (where not accepted and not failed and not stopped and not held and delay > promise) as overdue,
            count(*) filter (where failed and not held) as failed, max(delay) filter (where not accepted and not failed and not stopped and not held) as oldest,
            percentile_disc(0.99) within group (order by delay) filter (where accepted and not held) as p99, max(delay) filter (where accepted and not held) as peak
        from judged j group by j.class_id)
    select c.name, c.accept_within, coalesce(n.messages, 0), coalesce(n.held, 0), coalesce(n.accepted, 0), case when c.accept_within is not null then coalesce(n.within, 0) end,
        coalesce(n.overdue, 0), coalesce(n.failed, 0),
        case when c.accept_within is not null then trunc(n.within::numeric / nullif(n.accepted + n.failed + n.overdue, 0), 5) end,
        trunc(n.accepted::numeric / nullif(n.accepted + n.failed, 0), 5), n.oldest, n.p99, greatest(n.peak, n.oldest)
    from martlet_data.classes c left join counted n on n.class_id = c.id
    where c.retired_at is null or n.messages > 0 order by c.lane, c.name $$;

create function martlet.provider_slo_since(since interval) returns table (provider text, accepted bigint, delivered bigint, undelivered bigint, delivered_share numeric,
        reported_share numeric)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set work_mem = '64MB' as $$
    with bounds as materialized (
        select martlet_data.first_id(clock_timestamp() - least(greatest(since, interval '1 second'), interval '1 day')) as first),
    hand_overs as (
        select r.provider, bool_or(r.kind = 'delivered') as delivered, bool_or(r.kind = 'undelivered') as undelivered
        from martlet_data.receipts r
        where r.message_id >= (select first from bounds) and r.kind in ('accepted', 'delivered', 'undelivered') and r.provider is not null and r.attempt is not null
        group by r.message_id, r.attempt, r.provider),
    counted as (
        select h.provider, count(*) as accepted, count(*) filter (where h.delivered) as delivered, count(*) filter (where h.undelivered and not h.delivered) as undelivered
        from hand_overs h group by h.provider)
    select c.provider, c.accepted, c.delivered, c.undelivered, trunc(c.delivered::numeric / nullif(c.delivered + c.undelivered, 0), 5),
        trunc((c.delivered + c.undelivered)::numeric / c.accepted, 5)
    from counted c order by c.provider $$;

create view martlet.slo as select * from martlet.slo_since(interval '1 hour');
comment on view martlet.slo is 'By class: messages of the last hour that might be sent by now. held: put off by hours or caps, or requeued; they are not judged.';
create view martlet.provider_slo as select * from martlet.provider_slo_since(interval '1 hour');
comment on view martlet.provider_slo is 'By provider: what it accepted of the messages of the last hour, and what it has said about it since.';

create view martlet.audit as select a.id, a.at, a.actor, a.action, a.object, a.why, a.detail from martlet_data.audit a;

-- Who may do what -----------------------------------------------------------------------------------------------------------------
grant execute on function martlet.enqueue, martlet.enqueue_rows, martlet.enqueue_many, martlet.cancel(bigint), martlet.cancel(text), martlet.suppress,
    martlet.record_consent, martlet.import_begin, martlet.import_advance to martlet_producer, martlet_admin;
grant insert, select on martlet.bulk_enqueue to martlet_producer, martlet_admin;
grant execute on function martlet.requeue, martlet.discard, martlet.unsuppress, martlet.pause_lane, martlet.resume_lane to martlet_admin;
grant execute on function martlet.created_at(bigint) to martlet_producer, martlet_worker, martlet_admin, martlet_reader;
grant select on martlet.attempts, martlet.receipts, martlet.message_status, martlet.dead_letters, martlet.lanes, martlet.workers, martlet.inbound_texts, martlet.unmatched_events to martlet_reader, martlet_admin;
grant select on martlet.slo, martlet.provider_slo to martlet_reader, martlet_admin;
grant execute on function martlet.slo_since, martlet.provider_slo_since to martlet_reader, martlet_admin;
grant select on martlet.suppressions, martlet.audit to martlet_admin;
grant select on martlet.receipts to martlet_worker; -- a dead letter keeps its history
-- A view's functions run as its reader.
grant execute on function martlet_data.shown(text), martlet_data.mask(text) to martlet_reader, martlet_admin;
grant usage on schema martlet_data to martlet_reader;

grant select on all tables in schema martlet_data to martlet_worker, martlet_admin;
alter default privileges in schema martlet_data grant select on tables to martlet_worker, martlet_admin;
grant insert, delete, update on martlet_data.ready, martlet_data.leased, martlet_data.due to martlet_worker;
grant insert on martlet_data.attempts, martlet_data.receipts, martlet_data.dead_letters, martlet_data.suppressions, martlet_data.sessions,
    martlet_data.carrier_ids, martlet_data.provider_events, martlet_data.inbound_texts to martlet_worker;
grant insert (action, object, why, detail) on martlet_data.audit to martlet_worker; -- a doubt that a receipt resolved
grant insert, update on martlet_data.cap_usage to martlet_worker;
grant update (beat_at, in_flight, is_draining, fenced_at, ended_at) on martlet_data.sessions to martlet_worker;
grant update (variables, headers) on martlet_data.messages to martlet_worker; -- erasing the body of a final otp
grant delete on martlet_data.idempotency_keys, martlet_data.dead_letters, martlet_data.cancellations, martlet_data.provider_events, martlet_data.inbound_texts to martlet_worker;
grant select on all sequences in schema martlet_data to martlet_worker, martlet_admin;
-- Not the cursors: a nextval there would point a ring's appends at a wrong segment.
grant usage on sequence martlet_data.message_seq, martlet_data.session_seq to martlet_worker;
grant execute on function martlet_data.add_segment, martlet_data.advance_segment, martlet_data.retire_segment, martlet_data.create_partitions,
    martlet_data.drop_partitions, martlet_data.first_id, martlet_data.check_leases, martlet_data.release_slot, martlet_data.minute_of_day, martlet_data.outside_quiet, martlet_data.next_quiet, martlet_data.keep_inbound, martlet_data.bucket(text), martlet_data.bucket(bigint), martlet_data.mask(text) to martlet_worker, martlet_admin;

grant execute on function martlet_data.apply_keywords to martlet_worker;

grant insert on martlet_data.policies, martlet_data.templates, martlet_data.classes, martlet_data.senders, martlet_data.channels, martlet_data.audit to martlet_admin;
grant update on martlet_data.templates, martlet_data.classes, martlet_data.senders, martlet_data.channels, martlet_data.cap_retention to martlet_admin;

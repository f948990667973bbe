-- after: martlet_data.report_difference
-- Brings report_counts up to date for one day's partitions; answers the seconds it took, null: another worker is at it. The first call of a day only notes
-- where it begins: which transactions are under way then must be known before what they may have written is counted.
create or replace function martlet_data.count_day(p_day date) returns float8
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_began timestamptz := clock_timestamp();
    v_from timestamptz := p_day::timestamp at time zone 'UTC';
    v_end timestamptz := (p_day + 1)::timestamp at time zone 'UTC';
    v_low bigint := martlet_data.first_id(v_from);
    v_high bigint := martlet_data.first_id(v_end);
    v_next xid8;
    v_origin text := martlet_data.report_origin();
    v_until timestamptz;
    v_xid xid8;
    v_inserted bigint;
    d martlet_data.report_days;
begin
    if not pg_try_advisory_xact_lock(7340013, to_char(p_day, 'YYYYMMDD')::int) or to_regclass('martlet_data.messages_' || to_char(p_day, 'YYYYMMDD')) is null then
        return null;
    end if;
    v_next := pg_current_xact_id();
    select * into d from martlet_data.report_days k where k.day = p_day;
    -- Also once after its end, from nothing: what came in by a clock that was put back, or by a transaction that stood still, is counted then.
    if d.day is null or d.origin <> v_origin or d.counted_at < v_end + interval '1 hour' and v_began >= v_end + interval '1 hour' then
        delete from martlet_data.report_counts c where c.slice >= v_from and c.slice < v_end;
        delete from martlet_data.report_dead k where k.message_id >= v_low and k.message_id < v_high;
        delete from martlet_data.report_days k where k.day = p_day;
        insert into martlet_data.report_days (day, origin, asked_at, next_xid) values (p_day, v_origin, v_began, v_next);
        return 0;
    end if;
    v_xid := pg_snapshot_xmin(pg_current_snapshot());
    v_until := d.counted_until;
    if v_xid >= d.next_xid then
        -- All that began before asked_at have ended. A minute is for a message that has its id, and whose transaction had no number then.
        v_until := greatest(v_until, date_trunc('milliseconds', d.asked_at - interval '1 minute'));
        d.asked_at := v_began;
        d.next_xid := v_next;
    end if;
    if v_until is null then
        return 0;
    end if;
    v_inserted := martlet_data.inserted_on(p_day);
    -- In one statement, and so of one snapshot: the difference, and the dead letters that are in it.
    with difference as materialized (
        select * from martlet_data.report_difference(to_char(p_day, 'YYYYMMDD'), v_low, v_high, d.counted_xid, d.counted_until, v_xid, v_until, null, null)),
    gone as (delete from martlet_data.report_dead k where k.message_id >= v_low and k.message_id < v_high
        and not exists (select from martlet_data.dead_letters l where l.message_id = k.message_id)),
    come as (insert into martlet_data.report_dead select l.message_id from martlet_data.dead_letters l where l.message_id >= v_low and l.message_id < v_high
        and not exists (select from martlet_data.report_dead k where k.message_id = l.message_id))
    insert into martlet_data.report_counts as c select * from difference
        on conflict (slice, class_id, group_key, provider, currency) do update set messages = c.messages + excluded.messages, accepted = c.accepted + excluded.accepted,
            delivered = c.delivered + excluded.delivered, undelivered = c.undelivered + excluded.undelivered, waiting = c.waiting + excluded.waiting,
            suppressed = c.suppressed + excluded.suppressed, capped = c.capped + excluded.capped, expired = c.expired + excluded.expired,
            cancelled = c.cancelled + excluded.cancelled, dead = c.dead + excluded.dead, clicked = c.clicked + excluded.clicked, opened = c.opened + excluded.opened,
            segments = c.segments + excluded.segments, cost_micros = c.cost_micros + excluded.cost_micros, waiting_micros = c.waiting_micros + excluded.waiting_micros,
            unpriced = c.unpriced + excluded.unpriced;
    update martlet_data.report_days k set asked_at = d.asked_at, next_xid = d.next_xid, counted_xid = v_xid, counted_until = v_until, counted_at = v_began,
            inserted = v_inserted, took = clock_timestamp() - v_began
        where k.day = p_day;
    return extract(epoch from clock_timestamp() - v_began);
end $$;

grant execute on function martlet_data.count_day(date) to martlet_admin, martlet_worker;

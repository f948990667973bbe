-- What report_counts lacks of one day's messages with ids from p_low to p_high: what became of them until p_xid_until and p_until (null: until now), minus what
-- is counted, as of p_xid and p_time (null: nothing is). Receipts are distinguished by the transaction that wrote them, because none is ever updated; messages
-- and attempts are updated (erased bodies, budgets given back), so that their times decide. p_day: of the partitions, YYYYMMDD or default.
create or replace function martlet_data.report_difference(p_day text, p_low bigint, p_high bigint, p_xid xid8, p_time timestamptz, p_xid_until xid8, p_until timestamptz,
        p_group text, p_class smallint) returns setof martlet_data.report_counts
    language plpgsql stable set search_path = pg_catalog, pg_temp set enable_nestloop = on
        set enable_seqscan = on set plan_cache_mode = auto set work_mem = '64MB' as $$
declare
    -- Ages of transactions: of one that is more than a thousand million behind us, the sign has turned.
    v_old text := case when p_xid is null then 'false' else format('age(r.xmin) not between -1000000000 and %s', age(p_xid::xid)) end;
    v_new text := case when p_xid_until is null then 'true' else format('(age(r.xmin) > %s or age(r.xmin) < -1000000000)', age(p_xid_until::xid)) end;
    v_time timestamptz := coalesce(p_time, '2000-01-01Z');
    v_until timestamptz := coalesce(p_until, '9999-01-01Z');
    v_counted bigint := case when p_xid is null then 0 else martlet_data.first_id(p_time) end;
    v_end bigint := case when p_until is null then p_high else least(p_high, martlet_data.first_id(p_until)) end;
    v_ids bigint[];
begin
    if p_xid is not null then
        execute format($q$
            select array(
                select m.id from martlet_data.messages_%1$s m where m.id >= greatest($1, $3) and m.id < $4
                union select r.message_id from martlet_data.receipts_%1$s r where not (%2$s) and %3$s and r.message_id >= $1 and r.message_id < $2
                union select a.message_id from martlet_data.attempts_%1$s a where a.admitted_at >= $5 and a.admitted_at < $6 and a.message_id >= $1 and a.message_id < $2
                union (select d.message_id from martlet_data.dead_letters d where d.message_id >= $1 and d.message_id < $2
                    except select k.message_id from martlet_data.report_dead k where k.message_id >= $1 and k.message_id < $2)
                union (select k.message_id from martlet_data.report_dead k where k.message_id >= $1 and k.message_id < $2
                    except select d.message_id from martlet_data.dead_letters d where d.message_id >= $1 and d.message_id < $2))
            $q$, p_day, v_old, v_new) using p_low, p_high, v_counted, v_end, v_time, v_until into v_ids;
        if v_ids = '{}' then
            return;
        end if;
    end if;
    -- A few are looked up, many are joined.
    if p_xid is null or cardinality(v_ids) > 10000 then
        perform set_config('enable_nestloop', 'off', true);
    end if;
    return query execute format($q$
        with chosen as materialized (
            select m.id, m.class_id, coalesce(m.group_key, '') as group_key, m.id < $3 as was,
                to_timestamp((m.id >> 22) / 300000 * 300 + 1735689600) as slice
            from %4$s where m.id >= $1 and m.id < $4 and ($7::text is null or m.group_key = $7) and ($8::smallint is null or m.class_id = $8)),
        -- 1 accepted, 2 delivered, 4 undelivered, 8 suppressed, 16 capped, 32 expired, 64 cancelled or discarded, 128 clicked, 256 opened, 512 refused
        said as materialized (
            select r.message_id, r.attempt, bit_or(k.bit) filter (where %3$s) as new, bit_or(k.bit) filter (where %2$s) as old
            from %5$s cross join lateral (select case r.kind when 'accepted' then 1 when 'delivered' then 2 when 'undelivered' then 4 when 'suppressed' then 8
                when 'capped' then 16 when 'expired' then 32 when 'cancelled' then 64 when 'discarded' then 64 when 'clicked' then 128 when 'opened' then 256
                when 'deferred' then 512 when 'rejected' then 512 end as bit) k
            where r.message_id >= $1 and r.message_id < $4 and k.bit is not null group by r.message_id, r.attempt),
        ends as materialized (select s.message_id, bit_or(s.new) as new, bit_or(s.old) as old from said s group by s.message_id),
        signed as (
            select c.slice, c.class_id, c.group_key, 1 as sign, coalesce(e.new, 0) as bits, d.message_id is not null as dead
            from chosen c left join ends e on e.message_id = c.id
            left join (select d.message_id from martlet_data.dead_letters d where d.message_id >= $1 and d.message_id < $4) d on d.message_id = c.id
            union all
            select c.slice, c.class_id, c.group_key, -1, coalesce(e.old, 0), k.message_id is not null
            from chosen c left join ends e on e.message_id = c.id
            left join (select k.message_id from martlet_data.report_dead k where k.message_id >= $1 and k.message_id < $4) k on k.message_id = c.id
            where c.was),
        handed as (
            select c.slice, c.class_id, c.group_key, a.provider, coalesce(a.currency, '') as currency, v.sign, v.bits, a.segments, a.cost_micros
            from chosen c join %6$s on a.message_id = c.id left join said s on s.message_id = a.message_id and s.attempt = a.attempt
            cross join lateral (values (1, coalesce(s.new, 0)), (-1, coalesce(s.old, 0))) v(sign, bits)
            where case when v.sign = 1 then a.admitted_at < $6 else c.was and a.admitted_at < $5 end)
        select s.slice, s.class_id, s.group_key, '', '', sum(sign), coalesce(sum(sign) filter (where bits & 7 > 0), 0), coalesce(sum(sign) filter (where bits & 2 > 0), 0),
            coalesce(sum(sign) filter (where bits & 6 = 4), 0), coalesce(sum(sign) filter (where bits & 127 = 0 and not dead), 0),
            coalesce(sum(sign) filter (where bits & 8 > 0 and bits & 7 = 0), 0), coalesce(sum(sign) filter (where bits & 16 > 0 and bits & 7 = 0), 0),
            coalesce(sum(sign) filter (where bits & 32 > 0 and bits & 7 = 0), 0), coalesce(sum(sign) filter (where bits & 64 > 0 and bits & 7 = 0), 0),
            coalesce(sum(sign) filter (where dead), 0), coalesce(sum(sign) filter (where bits & 128 > 0), 0), coalesce(sum(sign) filter (where bits & 256 > 0), 0),
            0::bigint, 0::numeric, 0::numeric, 0::bigint
        from signed s group by s.slice, s.class_id, s.group_key
        union all
        select h.slice, h.class_id, h.group_key, h.provider, h.currency, sum(sign), coalesce(sum(sign) filter (where bits & 7 > 0), 0),
            coalesce(sum(sign) filter (where bits & 2 > 0), 0), coalesce(sum(sign) filter (where bits & 6 = 4), 0), coalesce(sum(sign) filter (where bits & 519 = 0), 0),
            0, 0, 0, 0, 0, 0, 0, coalesce(sum(sign * segments) filter (where bits & 7 > 0), 0), coalesce(sum(sign * cost_micros) filter (where bits & 7 > 0), 0),
            coalesce(sum(sign * cost_micros) filter (where bits & 519 = 0), 0), coalesce(sum(sign) filter (where bits & 7 > 0 and cost_micros is null), 0)
        from handed h group by h.slice, h.class_id, h.group_key, h.provider, h.currency
        $q$, p_day, v_old, v_new,
        case when p_xid is null then format('martlet_data.messages_%s m', p_day) else format('unnest($9) i(id) join martlet_data.messages_%s m on m.id = i.id', p_day) end,
        case when p_xid is null then format('martlet_data.receipts_%s r', p_day) else format('unnest($9) i(id) join martlet_data.receipts_%s r on r.message_id = i.id', p_day) end,
        format('martlet_data.attempts_%s a', p_day))
        using p_low, p_high, v_counted, v_end, v_time, v_until, p_group, p_class, v_ids;
end $$;

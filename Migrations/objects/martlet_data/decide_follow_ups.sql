-- Decides follow-ups that are due: at most p_limit, those whose row no other session holds. An event that was committed before is seen, because the facts
-- are read after the locks; one that comes later finds it decided. What a requeue began anew counts from there. Generic plans: planning for
-- the partitions would cost as much as the decisions.
create or replace function martlet_data.decide_follow_ups(p_limit int) returns table (decision text, decisions bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    v_now   timestamptz := clock_timestamp();
    v_slots smallint[] := (select array_agg((pg_sequence_last_value(l.cursor) & 4095)::smallint order by l.lane) from martlet_data.lanes l); -- before the statement that inserts
    v_ids   bigint[];
    v_first bigint;
    v_last  bigint;
begin
    v_ids := array(select d.message_id from martlet_data.follow_ups d where d.state = 'open' and d.due_at <= v_now
        -- Somebody followed a link just now (0010), and it is not yet judged whether that was a person.
        and not exists (select from martlet_data.link_visits v where v.message_id = d.message_id and v.machine is null and v.at > v_now - interval '1 minute')
        order by d.due_at limit p_limit for update skip locked);
    if cardinality(v_ids) = 0 then
        return;
    end if;
    perform martlet_data.commit_durably();
    perform pg_current_xact_id(); -- before the sequence: as in enqueue
    select min(i), max(i) into v_first, v_last from unnest(v_ids) i; -- a range excludes partitions, an array does not
    return query with f as materialized (select * from martlet_data.follow_ups u where u.message_id = any (v_ids)),
    m as materialized (select * from martlet_data.messages n where n.id = any (v_ids) and n.id between v_first and v_last),
    said as materialized (
        select f.message_id, min(r.kind) filter (where martlet_data.follow_up_settled_by(f.condition, r.kind)) as settled_by,
            min(r.at) filter (where r.kind = 'accepted') as accepted_at, min(r.kind) filter (where r.kind in ('expired', 'suppressed') and r.at >= q.since) as ended_by,
            -- An older try's failure says nothing about a newer one.
            max(r.attempt) filter (where r.kind = 'undelivered' and r.at >= q.since) >= coalesce(max(r.attempt) filter (where r.kind = 'accepted'), 0) as is_undelivered
        from f cross join lateral (select coalesce(max(e.requeued_at), '-infinity') as since from martlet_data.requeues e where e.message_id = f.message_id) q
            join martlet_data.receipts r on r.message_id = f.message_id and not r.stale
        where r.message_id = any (v_ids) and r.message_id between v_first and v_last
        group by f.message_id),
    -- What may have arrived is given as long as if it had been accepted, whatever became of later tries.
    doubts as materialized (
        select t.message_id, max(t.admitted_at) as at from f join martlet_data.attempts t on t.message_id = f.message_id
        where t.message_id = any (v_ids) and t.message_id between v_first and v_last and not exists (
            select from martlet_data.receipts r where r.message_id = t.message_id and r.attempt = t.attempt
                and r.kind in ('accepted', 'deferred', 'rejected', 'delivered', 'undelivered') offset 0)
        group by t.message_id),
    facts as (
        select f.*, m.id as first_id, p.class_id, p.channel_id, p.lane, p.time_to_live,
            coalesce(s.settled_by,
                case when exists (select from martlet_data.cancellations c where c.message_id = f.message_id)
                    or exists (select from martlet_data.group_cancellations g where g.group_key = m.group_key and g.producer in ('*', m.producer) and g.cancelled_at >= m.created_at) then 'cancelled' end,
                -- Somebody asked for it; only an address that does not exist is a failure.
                case when s.ended_by = 'suppressed' and not exists (select from martlet_data.suppressions x join martlet_data.channels h on h.name = x.channel
                    where x.address_key = martlet_data.address_key(m.address) and h.id = m.channel_id and x.lifted_at is null and x.reason = 'hard_bounce') then 'suppressed' end) as settled_by,
            case when x.at + f.after > v_now then null when d.reason <> 'in_doubt' then 'dead' when s.ended_by is not null then s.ended_by when s.is_undelivered then 'undelivered' end as failed_by,
            greatest(s.accepted_at, case when d.reason = 'in_doubt' then d.died_at when d.message_id is not null or s.is_undelivered then x.at end) as accepted_at
        from f left join m on m.id = f.message_id left join said s on s.message_id = f.message_id
            left join martlet_data.dead_letters d on d.message_id = f.message_id left join doubts x on x.message_id = f.message_id
            left join martlet_data.enqueue_places p on p.template = f.template and p.class = f.class and p.channel = f.channel),
    verdicts as materialized (
        select w.*, w.taken[1] as second_seq, w.taken[2] as second_id
        from (select v.*, case when v.verdict = 'sent' then martlet_data.take_id() end as taken
        from (select a.*, case when a.first_id is null then 'lapsed' when a.settled_by is not null then 'settled'
                -- What is accepted later than now is not due before this.
                when a.failed_by is null and (a.accepted_at is null or a.accepted_at + a.after > v_now) then 'open'
                when a.failed_by is null and a.condition = 'undelivered' then 'lapsed'
                when a.class_id is null then 'refused' else 'sent' end as verdict from facts a offset 0) v offset 0) w),
    bodies as (
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier, group_key, variables,
            traceparent, producer, created_at, expires_at)
        select v.second_id, v.class_id, v.channel_id, case when m.recipient_key = m.address then v.address else m.recipient_key end, v.address, v.template, coalesce(v.locale, m.locale),
            coalesce(v.sender, m.sender), m.time_zone, m.tier, m.group_key, coalesce(v.variables, m.variables), m.traceparent, m.producer, v_now, v_now + v.time_to_live
        from verdicts v join m on m.id = v.message_id where v.verdict = 'sent'),
    placed as (
        insert into martlet_data.ready (slot, seq, message_id) select v_slots[v.lane + 1], v.second_seq, v.second_id from verdicts v where v.verdict = 'sent'),
    told as (
        insert into martlet_data.receipts (message_id, kind, code, detail, reference)
        select case k.kind when 'follows' then v.second_id else v.message_id end, k.kind, v.condition,
            format('%s: %s message %s', coalesce(v.failed_by, v.condition), case k.kind when 'follows' then 'follows' else 'followed by' end, case k.kind when 'follows' then v.message_id else v.second_id end),
            case k.kind when 'follows' then v.message_id else v.second_id end::text
        from verdicts v cross join (values ('followed_up'), ('follows')) k(kind) where v.verdict = 'sent'),
    decided as (
        update martlet_data.follow_ups u set state = v.verdict, sent_id = v.second_id,
            why = case v.verdict when 'open' then null when 'settled' then v.settled_by when 'refused' then 'no_template'
                when 'lapsed' then case when v.first_id is null then 'message_gone' else 'nothing_heard' end else coalesce(v.failed_by, v.condition) end,
            due_at = case when v.verdict = 'open' then coalesce(v.accepted_at, v_now) + v.after else u.due_at end,
            decided_at = case when v.verdict <> 'open' then v_now end, variables = case when v.verdict = 'open' then u.variables end
        from verdicts v where u.message_id = v.message_id
        returning case v.verdict when 'open' then 'put_off' else v.verdict end as verdict)
    select d.verdict, count(*) from decided d group by 1;
end $$;

grant execute on function martlet_data.decide_follow_ups(integer) to martlet_worker;

-- after: martlet_data.take_id, martlet_data.wake_sleeper, martlet_data.check_template, martlet_data.refuse_unknown, martlet_data.normalise_address
-- What workers decided for people of one journey whose rows they hold: where each goes, and the messages on the way. All of it or nothing. An element of p_turns:
-- {person, entry, step, steps, due_at, until_at, awaits, looks_at, data, ends, sends: [{step, class, channel, address, template, variables, locale, time_zone, fallback_zone, tier,
-- sender, pool, code_as}]}. A message of a step that has one is not sent again, whatever asks for it.
create or replace function martlet_data.take_journey_steps(p_journey int, p_turns jsonb[]) returns int
    language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
    v_now     timestamptz := clock_timestamp();
    v_slots   smallint[] := (select array_agg((pg_sequence_last_value(l.cursor) & 4095)::smallint order by l.lane) from martlet_data.lanes l); -- before the statement that inserts
    v_owner   text;
    v_count   int;
    v_sends   martlet_data.journey_send[];
    v_seqs    bigint[];
    v_ids     bigint[];
    v_pools   text[];
    v_pool    text;
    v_wanted  bigint[];
    v_codes   text[];
    s         martlet_data.journey_send;
begin
    select j.owner into v_owner from martlet_data.journeys j where j.id = p_journey;
    -- Everything about the messages as arrays: the planner sees how many there are.
    select array_agg(row(t.turn->>'person', (t.turn->>'entry')::int, x.step, x.class, x.channel, coalesce(a.address, x.address), x.template, x.variables, left(x.locale, 35),
                coalesce((select z.name from martlet_data.time_zones z where z.name = x.time_zone), x.fallback_zone), left(x.tier, 64), x.sender, x.pool, coalesce(x.code_as, 'code'), p.class_id, p.channel_id, p.lane, p.time_to_live,
                case when x.address is null then 'no_address' when p.class_id is null or not g.whole or not d.known then 'refused' when a.address is null then 'bad_address' end)::martlet_data.journey_send),
            array_agg(i.taken[1]), array_agg(i.taken[2])
        into v_sends, v_seqs, v_ids
        from unnest(p_turns) with ordinality t(turn, n) cross join lateral jsonb_to_recordset(t.turn->'sends')
            x(step text, class text, channel text, address text, template text, variables jsonb, locale text, time_zone text, fallback_zone text, tier text, sender text, pool text, code_as text)
        left join martlet_data.enqueue_places p on p.template = x.template and p.class = x.class and p.channel = x.channel
        cross join lateral (select (x.variables ?& p.required or x.pool is not null and x.variables || jsonb_build_object(coalesce(x.code_as, 'code'), '-') ?& p.required) and not martlet_data.may_be_blank(x.variables::text)
            and (coalesce(x.locale, p.default_locale) = any (p.locales) or 'default' = any (p.locales) or split_part(x.locale, '-', 1) = any (p.locales)) is true as whole) g
        cross join lateral (select count(*) > 0 or x.sender is null as known, min(d.default_country) as country from martlet_data.senders d
            where d.retired_at is null and case when x.sender is null then d.is_default else d.key = x.sender end) d
        left join lateral (select case when p.address_kind = 'phone' and martlet_data.is_e164(x.address) then x.address
            else martlet_data.normalise_address(p.address_kind, x.address, d.country) end as address) a on x.address is not null
        cross join lateral (select case when a.address is not null then martlet_data.take_id() end as taken offset 0) i
        where not exists (select from martlet_data.journey_messages m
            where m.journey_id = p_journey and m.person = t.turn->>'person' and m.entry = (t.turn->>'entry')::int and m.step = x.step);
    foreach s in array coalesce(v_sends, '{}') loop
        if s.problem = 'refused' then
            if s.class_id is null then
                perform martlet_data.refuse_unknown(s.class, s.channel, s.template);
            end if;
            if s.sender is not null and not exists (select from martlet_data.senders d where d.key = s.sender and d.retired_at is null) then
                raise exception 'field sender: unknown sender %', quote_literal(s.sender) using errcode = 'MT009', hint = 'Correct it in the file of the journey, or apply the policy that has it.';
            end if;
            perform martlet_data.check_template(s.class, s.channel, s.template, s.variables || case when s.pool is null then '{}' else jsonb_build_object(s.code_as, '-') end, s.locale, s.sender);
        end if;
    end loop;
    if v_sends is not null then
        v_pools := array(select distinct u.pool from unnest(v_sends) u where u.pool is not null and u.problem is null order by 1);
        foreach v_pool in array v_pools loop
            v_wanted := array(select i.id from unnest(v_sends) with ordinality u join unnest(v_ids) with ordinality i(id, n) on i.n = u.ordinality where u.pool = v_pool and i.id is not null order by i.n);
            v_codes := array(select c.code from martlet_data.codes c where c.pool = v_pool and c.state = 'free' and (c.valid_until > v_now) is not false order by c.n
                limit cardinality(v_wanted) for update skip locked);
            if cardinality(v_codes) < cardinality(v_wanted) then
                raise exception 'pool % has % codes for the next % messages', v_pool, cardinality(v_codes), cardinality(v_wanted) using errcode = 'MT035', hint = 'Load codes: martlet codes load.';
            end if;
            update martlet_data.codes c set state = 'reserved', message_id = u.id, changed_at = v_now from unnest(v_codes, v_wanted) u(code, id) where c.pool = v_pool and c.code = u.code;
        end loop;
        insert into martlet_data.idempotency_keys (producer, key, request_hash, message_id, created_at)
            select v_owner, format('journey:%s:%s:%s:%s', p_journey, u.person, u.entry, u.step), '', i.id, v_now
            from unnest(v_sends) with ordinality u join unnest(v_ids) with ordinality i(id, n) on i.n = u.ordinality where i.id is not null;
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier, group_key, variables, producer, created_at, expires_at)
            select i.id, u.class_id, u.channel_id, u.person, u.address, u.template, u.locale, u.sender, u.time_zone, u.tier, 'journey:' || p_journey,
                case when u.pool is null then u.variables else u.variables || jsonb_build_object(u.code_as, c.code) end::json, v_owner, v_now, v_now + u.time_to_live
            from unnest(v_sends) with ordinality u join unnest(v_ids) with ordinality i(id, n) on i.n = u.ordinality left join martlet_data.codes c on c.message_id = i.id where i.id is not null;
        insert into martlet_data.ready (slot, seq, message_id)
            select v_slots[u.lane + 1], q.seq, i.id from unnest(v_sends) with ordinality u join unnest(v_ids) with ordinality i(id, n) on i.n = u.ordinality
                join unnest(v_seqs) with ordinality q(seq, n) on q.n = u.ordinality where i.id is not null;
        insert into martlet_data.journey_messages (journey_id, entry, person, step, message_id, reason, at)
            select p_journey, u.entry, u.person, u.step, i.id, case when i.id is null then u.problem end, v_now
            from unnest(v_sends) with ordinality u join unnest(v_ids) with ordinality i(id, n) on i.n = u.ordinality;
        perform martlet_data.wake_sleeper();
    end if;
    update martlet_data.journey_people p set step = coalesce(t.turn->>'step', p.step), is_waiting = true, failures = 0, arrived = '{}',
            due_at = (t.turn->>'due_at')::timestamptz, until_at = (t.turn->>'until_at')::timestamptz, awaits = t.turn->>'awaits', looks_at = t.turn->>'looks_at',
            data = coalesce((t.turn->'data')::json, p.data), state = case when t.turn ? 'ends' then 'done' else p.state end, reason = t.turn->>'ends',
            ended_at = case when t.turn ? 'ends' then v_now end
        from unnest(p_turns) t(turn) where p.journey_id = p_journey and p.person = t.turn->>'person' and p.entry = (t.turn->>'entry')::int and p.state = 'in';
    get diagnostics v_count = row_count;
    if v_count <> cardinality(p_turns) then
        raise exception 'people of journey % changed while their steps were taken', p_journey using errcode = '40001';
    end if;
    return v_count;
end $$;

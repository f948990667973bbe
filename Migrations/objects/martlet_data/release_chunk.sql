-- after: martlet_data.members_table, martlet_data.take_id
-- Releases one chunk that is due, of a run that is neither paused nor stopped nor waits for approval: its members become messages of the queue, and the chunk is
-- done, in one transaction. Any worker calls it; a chunk or a run that another one holds is passed over. Answers null when there is nothing to do.
--
-- Exactly once: the chunk's row is locked, then its members' rows; only those that wait become messages, and a message and its member's new state commit together. The
-- idempotency key (run and person) forbids a second message even where a table was restored by hand. Members that a goal is taking out at this moment are passed
-- over, and the chunk stays until they are decided: a releaser never waits for a service's transaction, so that none of the two can stand in a circle.
-- p_room: how many messages may wait in a lane before a run without a pace waits too.
create or replace function martlet_data.release_chunk(p_room int, out run int, out released int, out skipped int, out event text)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
    v_now    timestamptz := clock_timestamp();
    v_slots  smallint[] := (select array_agg((pg_sequence_last_value(l.cursor) & 4095)::smallint order by l.lane) from martlet_data.lanes l); -- before the statement that inserts
    r        martlet_data.runs;
    k        martlet_data.run_chunks;
    v_places bigint[];
    v_people text[];
    v_addresses text[];
    v_locales text[];
    v_zones  text[];
    v_tiers  text[];
    v_texts  text[];
    v_variables json[];
    v_seqs   bigint[];
    v_ids    bigint[];
    v_codes  text[];
    v_error  text;
    v_class  smallint;
    v_waiting bigint;
    v_channel smallint;
    v_lane   smallint;
    v_life   interval;
    v_id     int;
begin
    for v_id in select o.id from martlet_data.runs o where o.is_open and o.stopped_at is null and (not o.needs_approval or o.approved_at is not null)
            and not exists (select from martlet_data.run_pauses p where p.run_id = o.id and p.lifted_at is null)
            and exists (select from martlet_data.run_chunks c where c.run_id = o.id and c.released_at is null and c.due_at <= v_now) order by o.id loop
        -- Against pause, stop and plan, which lock the row exclusively: after their commit nothing is released any more.
        select * into r from martlet_data.runs o where o.id = v_id and o.is_open and o.stopped_at is null for share skip locked;
        continue when not found or exists (select from martlet_data.run_pauses p where p.run_id = v_id and p.lifted_at is null);
        v_class := null;
        select min(p.class_id), min(p.channel_id), min(p.lane), min(p.time_to_live) into v_class, v_channel, v_lane, v_life
            from martlet_data.run_variants v left join martlet_data.enqueue_places p on p.template = v.template and p.class = r.class and p.channel = r.channel
            where v.run_id = r.id and v.template is not null having bool_and(p.template is not null);
        if v_class is null then
            run := r.id;
            insert into martlet_data.run_pauses (run_id, reason, why) values (r.id, 'refused', format('class %s, channel %s or a template of the run is no longer in force', r.class, r.channel)) on conflict do nothing;
            event := 'refused';
            return;
        end if;
        -- With a pace the plan says how much; without one the lane does: a few seconds ahead of what providers take, and no more.
        select count(*) into v_waiting from (select from martlet_data.segments s join martlet_data.ready q on q.slot = s.slot where s.kind = 'ready' and s.lane = v_lane and r.pace is null limit p_room) w;
        select * into k from martlet_data.run_chunks c where c.run_id = v_id and c.released_at is null and c.due_at <= v_now
            and (r.pace is not null or v_waiting + c.last_place - c.first_place < p_room)
            order by c.due_at limit 1 for update skip locked;
        exit when found;
    end loop;
    if k.run_id is null then
        return;
    end if;
    run := r.id;
    perform martlet_data.commit_durably();
    perform pg_current_xact_id(); -- before the sequence: as in enqueue
    begin
        -- Everything about them as arrays: the planner sees how many there are, which it cannot of a part of a statement.
        execute format($q$
            with locked as materialized (select m.place, m.n, m.person, m.variant from %1$s m where m.place between $1 and $2 and m.state = 0 order by m.place for update skip locked)
            select array_agg(l.place), array_agg(l.person), array_agg(a.address), array_agg(a.locale), array_agg(coalesce(a.time_zone, $4)), array_agg(a.tier), array_agg(a.variables), array_agg(($5)[l.variant]),
                array_agg(i.taken[1]), array_agg(i.taken[2])
            from locked l cross join lateral (
                select case $3 when 'sms' then u.sms when 'email' then u.email else u.addresses->>$3 end as address, u.locale, u.time_zone, u.tier, u.variables from %2$s u where u.n = l.n offset 0) a
                cross join lateral (select case when a.address is not null then martlet_data.take_id() end as taken offset 0) i
            $q$, martlet_data.members_table('run', r.id), martlet_data.members_table('audience', r.audience_id))
            into v_places, v_people, v_addresses, v_locales, v_zones, v_tiers, v_variables, v_texts, v_seqs, v_ids
            using k.first_place, k.last_place, r.channel, r.fallback_zone, array(select coalesce(v.template, '') from martlet_data.run_variants v where v.run_id = r.id order by v.variant);
        released := coalesce(cardinality(array_remove(v_ids, null)), 0);
        skipped := coalesce(cardinality(v_places), 0) - released;
        if r.pool is not null and released > 0 then
            v_codes := array(select c.code from martlet_data.codes c where c.pool = r.pool and c.state = 'free' and (c.valid_until > v_now) is not false order by c.n limit released for update skip locked);
            -- Codes that another release holds at this moment are not gone yet: the next look tells.
            if cardinality(v_codes) < released and released <= (
                    select count(*) from martlet_data.codes c where c.pool = r.pool and c.state = 'free' and (c.valid_until > v_now) is not false) then
                released := 0;
                skipped := 0;
                return;
            elsif cardinality(v_codes) < released then
                insert into martlet_data.run_pauses (run_id, reason, why) values (r.id, 'pool_dry', format('pool %s has %s codes for the next %s members', r.pool, cardinality(v_codes), released)) on conflict do nothing;
                released := 0;
                skipped := 0;
                event := 'pool_dry';
                return;
            end if;
            -- The k-th message gets the k-th code; who has no address gets none.
            v_codes := array(select case when u.id is not null then v_codes[count(u.id) over (order by u.n)] end from unnest(v_ids) with ordinality u(id, n) order by u.n);
            update martlet_data.codes c set state = 'reserved', message_id = u.id, changed_at = v_now from unnest(v_codes, v_ids) u(code, id) where c.pool = r.pool and c.code = u.code;
        end if;
        if v_places is not null and (r.variables is not null or v_codes is not null) then
            v_variables := array(select (coalesce(r.variables::jsonb, '{}') || coalesce(u.variables::jsonb, '{}') || case when u.code is null then '{}' else jsonb_build_object(r.code_name, u.code) end)::json
                from unnest(v_variables, coalesce(v_codes, array_fill(null::text, array[cardinality(v_variables)]))) with ordinality u(variables, code, n) order by u.n);
        end if;
        if released > 0 then
            insert into martlet_data.idempotency_keys (producer, key, request_hash, message_id, created_at)
                select r.created_by, 'run:' || r.id || ':' || u.person, '', u.id, v_now from unnest(v_people, v_ids) u(person, id) where u.id is not null;
            insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier, group_key, variables, producer, created_at, expires_at)
                select u.id, v_class, v_channel, u.person, u.address, u.template, u.locale, r.sender, u.time_zone, u.tier, 'run:' || r.id, coalesce(u.variables, '{}'), r.created_by, v_now, v_now + v_life
                from unnest(v_ids, v_people, v_addresses, v_texts, v_locales, v_zones, v_tiers, v_variables) u(id, person, address, template, locale, time_zone, tier, variables) where u.id is not null;
            insert into martlet_data.ready (slot, seq, message_id) select v_slots[v_lane + 1], u.seq, u.id from unnest(v_seqs, v_ids) u(seq, id) where u.id is not null;
        end if;
        execute format($q$
            update %s m set state = case when u.id is null then 2 else 1 end, message_id = u.id, reason = case when u.id is null then 'no_address' end
            from unnest($1, $2) u(place, id) where m.place = u.place and m.place between $3 and $4 $q$, martlet_data.members_table('run', r.id)) using v_places, v_ids, k.first_place, k.last_place;
        update martlet_data.run_chunks c set released = coalesce(c.released, 0) + release_chunk.released, skipped = coalesce(c.skipped, 0) + release_chunk.skipped,
                released_at = case when w.more then null else v_now end, due_at = case when w.more then v_now + interval '1 second' else c.due_at end
            from (select exists (select from martlet_data.run_members m where m.run_id = r.id and m.place between k.first_place and k.last_place and m.state = 0) as more) w
            where c.run_id = r.id and c.chunk = k.chunk;
        event := 'released';
    exception when data_exception or integrity_constraint_violation then
        -- The same rows would be refused again, and other runs would wait for them: this one stands still until a person has looked. A ring that moved on (no constraint is named) passes.
        get stacked diagnostics v_error = constraint_name;
        if sqlstate = '23514' and v_error = '' then
            raise;
        end if;
        insert into martlet_data.run_pauses (run_id, reason, why) values (r.id, 'refused', format('chunk %s cannot be released: %s (%s)', k.chunk, sqlerrm, sqlstate)) on conflict do nothing;
        released := 0;
        skipped := 0;
        event := 'refused';
    end;
end $$;

grant execute on function martlet_data.release_chunk(int) to martlet_worker;

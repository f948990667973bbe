-- Why: the owner's functions that grow, advance and give back segments and partitions. Workers may call them; none takes a relation name.
-- Locks: ACCESS EXCLUSIVE on a new or an empty segment only, NOWAIT. Compatible: yes.
set local role martlet_owner;

create function martlet_data.add_segment(p_kind text, p_lane smallint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_slot smallint;
    v_name text;
begin
    if p_kind not in ('ready', 'leased', 'due') then
        raise exception 'unknown kind of segment %', quote_literal(p_kind) using errcode = 'MT900';
    end if;
    perform pg_advisory_xact_lock(7340001, 0); -- two growers must not choose one number
    select coalesce(max(s.slot) + 1, 1) into v_slot from martlet_data.segments s where s.kind = p_kind;
    v_name := format('martlet_data.%s_%s', p_kind, v_slot);
    -- Made alone and attached: CREATE … PARTITION OF would lock the parent against every enqueue.
    execute format('create table %s (like martlet_data.%s including defaults including comments) with (autovacuum_enabled = off, fillfactor = 100)', v_name, p_kind);
    if p_kind = 'ready' then
        execute format('create index on %s (seq)', v_name);
    elsif p_kind = 'due' then
        execute format('create index on %s (due_at)', v_name);
        execute format('create index on %s (message_id)', v_name);
    end if;
    execute format('grant select, insert, update, delete on %s to martlet_worker', v_name);
    execute format('grant select on %s to martlet_admin', v_name);
    execute format('alter table martlet_data.%s attach partition %s for values in (%s)', p_kind, v_name, v_slot);
    insert into martlet_data.segments (kind, lane, slot) values (p_kind, case when p_kind = 'ready' then p_lane else 0 end, v_slot);
    return v_slot;
end $$;

-- Points appends of a ring at a free segment and returns its slot. It never points at a segment of its own making: setval does not wait
-- for the commit that makes the partition visible, and every enqueue until then would fail. So it grows the ring ahead, for the next time.
create function martlet_data.advance_segment(p_kind text, p_lane smallint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_slot smallint;
    v_generation bigint;
    v_cursor regclass;
begin
    perform pg_advisory_xact_lock(7340001, 1);
    select s.slot into v_slot from martlet_data.segments s
        where s.kind = p_kind and s.is_free and (p_kind <> 'ready' or s.lane = p_lane) order by s.generation, s.slot limit 1;
    v_cursor := case p_kind when 'leased' then 'martlet_data.leased_cursor'::regclass when 'due' then 'martlet_data.due_cursor'::regclass
        else (select l.cursor from martlet_data.lanes l where l.lane = p_lane) end;
    if v_slot is null then
        perform martlet_data.add_segment(p_kind, p_lane);
        return (pg_sequence_last_value(v_cursor) & 4095)::smallint;
    end if;
    select coalesce(max(s.generation), 0) + 1 into v_generation from martlet_data.segments s
        where s.kind = p_kind and (p_kind <> 'ready' or s.lane = p_lane);
    update martlet_data.segments s set is_free = false, generation = v_generation where s.kind = p_kind and s.slot = v_slot;
    perform setval(v_cursor, v_generation << 12 | v_slot);
    if not exists (select from martlet_data.segments s where s.kind = p_kind and s.is_free and (p_kind <> 'ready' or s.lane = p_lane)) then
        perform martlet_data.add_segment(p_kind, p_lane);
    end if;
    return v_slot;
end $$;

-- Gives an empty segment back. False: in use, pinned by a reader, or not empty. Never waits for a lock.
create function martlet_data.retire_segment(p_kind text, p_slot smallint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_name text;
    v_lane smallint;
    v_cursor regclass;
    v_found boolean;
begin
    select s.lane into v_lane from martlet_data.segments s where s.kind = p_kind and s.slot = p_slot;
    if not found then
        raise exception 'no segment % %', p_kind, p_slot using errcode = 'MT900';
    end if;
    perform pg_advisory_xact_lock(7340001, 1); -- against advance_segment choosing this one meanwhile
    v_cursor := case p_kind when 'leased' then 'martlet_data.leased_cursor'::regclass when 'due' then 'martlet_data.due_cursor'::regclass
        else (select l.cursor from martlet_data.lanes l where l.lane = v_lane) end;
    if pg_sequence_last_value(v_cursor) & 4095 = p_slot then
        return false;
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'retire_segment needs READ COMMITTED: an older snapshot would not see a row that committed before the lock' using errcode = 'MT900';
    end if;
    v_name := format('martlet_data.%s_%s', p_kind, p_slot);
    begin
        execute format('lock table %s in access exclusive mode nowait', v_name);
    exception when lock_not_available then return false; -- an open insert, a claim or a reader has it
    end;
    -- A fresh statement at READ COMMITTED: it sees everything that committed before the lock was ours.
    execute format('select exists (select from %s)', v_name) into v_found;
    if v_found then
        return false;
    end if;
    execute format('truncate %s', v_name);
    update martlet_data.segments s set is_free = true where s.kind = p_kind and s.slot = p_slot;
    return true;
end $$;

-- Ids are milliseconds since 2025-01-01T00:00:00Z << 22 | 22 bits of message_seq.
create function martlet_data.first_id(p_at timestamptz) returns bigint
    language sql stable parallel safe as $$
    select greatest(0, (extract(epoch from p_at) * 1000)::bigint - 1735689600000) << 22 $$;
create function martlet.created_at(p_message_id bigint) returns timestamptz
    language sql stable parallel safe as $$ select to_timestamp(((p_message_id >> 22) + 1735689600000) / 1000.0) $$;

-- Makes the daily partitions of messages, attempts and receipts (by id) and of carrier_ids (by time) up to p_days ahead; returns how many
-- days were new.
create function martlet_data.create_partitions(p_days int) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_day date;
    v_from bigint;
    v_until bigint;
    v_parent text;
    v_made int := 0;
begin
    if p_days not between 0 and 60 then
        raise exception 'days must be 0 … 60, not %', p_days using errcode = 'MT900';
    end if;
    perform pg_advisory_xact_lock(7340001, 2);
    for v_day in select d::date from generate_series((clock_timestamp() at time zone 'UTC')::date - 1, (clock_timestamp() at time zone 'UTC')::date + p_days, interval '1 day') d loop
        continue when to_regclass(format('martlet_data.messages_%s', to_char(v_day, 'YYYYMMDD'))) is not null;
        v_from := martlet_data.first_id(v_day::timestamp at time zone 'UTC');
        v_until := martlet_data.first_id((v_day + 1)::timestamp at time zone 'UTC');
        foreach v_parent in array array['messages', 'attempts', 'receipts'] loop
            execute format('create table martlet_data.%s_%s (like martlet_data.%1$s including defaults including comments including storage)', v_parent, to_char(v_day, 'YYYYMMDD'));
            execute format('alter table martlet_data.%s attach partition martlet_data.%1$s_%s for values from (%s) to (%s)', v_parent, to_char(v_day, 'YYYYMMDD'), v_from, v_until);
        end loop;
        execute format('create table martlet_data.carrier_ids_%s (like martlet_data.carrier_ids including defaults including comments including storage)', to_char(v_day, 'YYYYMMDD'));
        execute format('alter table martlet_data.carrier_ids attach partition martlet_data.carrier_ids_%s for values from (%L) to (%L)', to_char(v_day, 'YYYYMMDD'),
            v_day::timestamp at time zone 'UTC', (v_day + 1)::timestamp at time zone 'UTC');
        v_made := v_made + 1;
    end loop;
    return v_made;
end $$;

-- Drops the partitions of one UTC day. Text: 'dropped', or why not. Nothing that still waits or is held may refer to them.
create function martlet_data.drop_partitions(p_day date) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_from bigint := martlet_data.first_id(p_day::timestamp at time zone 'UTC');
    v_until bigint := martlet_data.first_id((p_day + 1)::timestamp at time zone 'UTC');
    v_suffix text := to_char(p_day, 'YYYYMMDD');
    v_last timestamptz;
    v_parent text;
begin
    if to_regclass('martlet_data.messages_' || v_suffix) is null then
        return 'no such partition';
    end if;
    perform set_config('lock_timeout', '200ms', true);
    execute format('select max(expires_at) from martlet_data.messages_%s', v_suffix) into v_last;
    if v_last >= clock_timestamp() then
        return format('a message has not expired before %s', v_last);
    end if;
    begin
        -- First the lock, then the look: an enqueue or a move that is still open holds a conflicting one.
        execute format('lock table martlet_data.messages_%s in access exclusive mode', v_suffix);
    exception when lock_not_available then return 'in use';
    end;
    if exists (select from martlet_data.ready r where r.message_id >= v_from and r.message_id < v_until)
        or exists (select from martlet_data.due d where d.message_id >= v_from and d.message_id < v_until)
        or exists (select from martlet_data.leased l where l.message_id >= v_from and l.message_id < v_until)
        or exists (select from martlet_data.dead_letters d where d.message_id >= v_from and d.message_id < v_until) then
        return 'a waiting, leased or dead message refers to it';
    end if;
    begin
        foreach v_parent in array array['messages', 'attempts', 'receipts', 'carrier_ids'] loop
            execute format('drop table if exists martlet_data.%s_%s', v_parent, v_suffix);
        end loop;
    exception when lock_not_available then return 'in use';
    end;
    return 'dropped';
end $$;

select martlet_data.create_partitions(14);
do $$
begin
    for lane in 0..8 loop
        perform martlet_data.add_segment('ready', lane::smallint);
        perform martlet_data.add_segment('ready', lane::smallint);
        perform martlet_data.advance_segment('ready', lane::smallint);
    end loop;
    perform martlet_data.add_segment('leased', 0::smallint);
    perform martlet_data.add_segment('leased', 0::smallint);
    perform martlet_data.advance_segment('leased', 0::smallint);
    perform martlet_data.add_segment('due', 0::smallint);
    perform martlet_data.add_segment('due', 0::smallint);
    perform martlet_data.advance_segment('due', 0::smallint);
end $$;

-- Ends a transaction whose deletion of leased rows did not find exactly the rows it was made for.
create function martlet_data.check_leases(p_found bigint, p_wanted bigint, p_found_ids bigint, p_wanted_ids bigint) returns void
    language plpgsql immutable parallel safe as $$
begin
    if p_found <> p_wanted or p_found_ids is distinct from p_wanted_ids then
        raise exception '% of % messages are no longer leased by this claim', p_wanted - p_found, p_wanted using errcode = 'MT901';
    end if;
end $$;

-- Gives back the slot of an attempt that certainly did not happen, at most once. False: it was not there.
create function martlet_data.release_slot(p_recipient_key text, p_message_id bigint, p_attempt smallint) returns boolean
    language plpgsql volatile as $$
declare
    v_hits bytea;
begin
    select c.hits into v_hits from martlet_data.cap_usage c where c.recipient_key = p_recipient_key for update;
    for v_at in 0 .. coalesce(length(v_hits), 0) / 24 - 1 loop
        if substr(v_hits, v_at * 24 + 1, 8) = int8send(p_message_id) and substr(v_hits, v_at * 24 + 17, 2) = int2send(p_attempt)
            and substr(v_hits, v_at * 24 + 23, 2) = int2send(0::smallint) then
            update martlet_data.cap_usage c set hits = substr(v_hits, 1, v_at * 24) || substr(v_hits, v_at * 24 + 25) where c.recipient_key = p_recipient_key;
            return true;
        end if;
    end loop;
    return false;
end $$;

-- Keeps a text from a phone and answers its id. Texts come at least once: a carrier repeats what it has no answer to, and nothing tells a
-- repeated "yes" from a second one. Of a long text a part that is there already is not kept again; parts belong together when phones,
-- reference and number of parts are the same and they came within a day.
create function martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint,
        p_reference int, p_part smallint, p_parts smallint) returns bigint
    language plpgsql volatile as $$
declare
    v_first bigint;
    v_id bigint;
begin
    if p_parts > 1 then
        -- Two parts in two transactions must see each other. Callers bring their texts in the order of these locks.
        perform pg_advisory_xact_lock(7340006, hashtext(p_sender) & 255);
        select coalesce(t.first_id, t.id) into v_first from martlet_data.inbound_texts t
            where t.sender = p_sender and t.recipient = p_recipient and t.provider = p_provider and t.reference = p_reference and t.parts = p_parts
                and t.at > clock_timestamp() - interval '1 day' order by t.id desc limit 1;
        select t.id into v_id from martlet_data.inbound_texts t
            where t.sender = p_sender and coalesce(t.first_id, t.id) = v_first and t.part = p_part and t.octets = p_octets;
        if found then
            return v_id;
        elsif exists (select from martlet_data.inbound_texts t where t.sender = p_sender and coalesce(t.first_id, t.id) = v_first and t.part = p_part) then
            v_first := null; -- the reference was used again
        end if;
    end if;
    insert into martlet_data.inbound_texts (provider, sender, recipient, body, octets, data_coding, reference, part, parts, first_id)
        values (p_provider, p_sender, p_recipient, p_body, p_octets, p_data_coding, p_reference, p_part, p_parts, v_first) returning id into v_id;
    return v_id;
end $$;

-- One expression each, without a FROM, so that the planner puts them in place: called as functions they cost a tenth of a millisecond.
create function martlet_data.minute_of_day(p_local timestamp) returns int
    language sql immutable parallel safe as $$
    select extract(hour from p_local)::int * 60 + extract(minute from p_local)::int $$;

-- The first instant from p_at on that is outside quiet hours in a zone; minutes after local midnight, from > until wraps midnight.
create function martlet_data.outside_quiet(p_at timestamptz, p_zone text, p_from int, p_until int) returns timestamptz
    language sql stable parallel safe as $$
    select case
        when p_from is null or p_from = p_until then p_at
        when p_from < p_until and (martlet_data.minute_of_day(p_at at time zone p_zone) < p_from or martlet_data.minute_of_day(p_at at time zone p_zone) >= p_until) then p_at
        when p_from > p_until and martlet_data.minute_of_day(p_at at time zone p_zone) >= p_from then ((p_at at time zone p_zone)::date + 1 + make_interval(mins => p_until)) at time zone p_zone
        when p_from > p_until and martlet_data.minute_of_day(p_at at time zone p_zone) >= p_until then p_at
        else ((p_at at time zone p_zone)::date + make_interval(mins => p_until)) at time zone p_zone end $$;

-- The next instant at which quiet hours begin (null: never): the provider may deliver until then.
create function martlet_data.next_quiet(p_at timestamptz, p_zone text, p_from int, p_until int) returns timestamptz
    language sql stable parallel safe as $$
    select case when p_from is null or p_from = p_until then null
        when martlet_data.minute_of_day(p_at at time zone p_zone) < p_from then ((p_at at time zone p_zone)::date + make_interval(mins => p_from)) at time zone p_zone
        else ((p_at at time zone p_zone)::date + 1 + make_interval(mins => p_from)) at time zone p_zone end $$;

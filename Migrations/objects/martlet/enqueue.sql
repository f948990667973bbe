-- after: martlet_data.wake_sleeper, martlet_data.taken_before
-- Before 0021 it had no check_template.
drop function if exists martlet.enqueue(text, text, text, text, jsonb, text, timestamp with time zone, timestamp with time zone, text, text, text, text, text, text, jsonb, text);
create or replace function martlet.enqueue(
    class text, channel text, recipient text, template text, variables jsonb default '{}',
    idempotency_key text default null, scheduled_at timestamptz default null, expires_at timestamptz default null,
    recipient_key text default null, locale text default null, time_zone text default null, tier text default null,
    group_key text default null, sender text default null, headers jsonb default null, traceparent text default null,
    check_template boolean default true
) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_class    smallint;
    v_channel  smallint;
    v_kind     text;
    v_lane     smallint;
    v_slot     smallint;
    v_address  text;
    v_now      timestamptz := clock_timestamp();
    v_before   timestamptz;
    v_expires  timestamptz;
    v_is_whole boolean;
    v_seq      bigint;
    v_cluster  bigint;
    v_id       bigint;
    v_ms       bigint;
    v_country  text;
    v_hash     bytea;
    -- What is stored. Of a large one the numbers are looked at before they are written out.
    v_body     text := case when pg_column_size(variables) <= 8192 then variables::text end;
    v_words    text := concat(recipient_key, locale, tier, group_key, idempotency_key, traceparent);
    v_seen     record;
begin
    -- As much as possible by one statement: each further one, and each further expression, costs a tenth of a bare insert. The slot is read
    -- here, before the statement that inserts: that one then sees the partition, however quickly the ring moves on. The transaction number
    -- comes before the sequence: a claimer that sees no older transaction open has seen every lower number.
    select p.class_id, p.channel_id, p.address_kind, p.lane, (pg_sequence_last_value(p.cursor) & 4095)::smallint,
            coalesce(expires_at, greatest(case when scheduled_at < '2200-01-01' then scheduled_at end, v_now) + p.time_to_live), -- what is later is refused below, by its name
            nextval(case when pg_current_xact_id() is not null then 'martlet_data.message_seq'::regclass end),
            -- Nothing is missing for certain: a text for the locale, its language, or all; every name that any of the texts requires.
            (locale = any (p.locales) or 'default' = any (p.locales) or split_part(locale, '-', 1) = any (p.locales)
                or locale is null and sender is null and (p.default_locale = any (p.locales)) is not false)
                and variables ?& p.required,
            p.cluster_bits
        into v_class, v_channel, v_kind, v_lane, v_slot, v_expires, v_seq, v_is_whole, v_cluster
        from martlet_data.enqueue_places p where p.template = enqueue.template and p.class = enqueue.class and p.channel = enqueue.channel;
    if not found then
        v_id := martlet_data.taken_before(idempotency_key, class, channel, recipient, template, variables, scheduled_at, expires_at, recipient_key, locale, time_zone, tier,
            group_key, sender, headers);
        if v_id is not null then
            return v_id;
        end if;
        perform martlet_data.refuse_unknown(class, channel, template);
    end if;
    if sender is not null then
        select s.default_country into v_country from martlet_data.senders s where s.key = enqueue.sender and s.retired_at is null;
        if not found then
            v_id := martlet_data.taken_before(idempotency_key, class, channel, recipient, template, variables, scheduled_at, expires_at, recipient_key, locale, time_zone, tier,
                group_key, sender, headers);
            if v_id is not null then
                return v_id;
            end if;
            raise exception 'field sender: unknown sender %', quote_literal(sender) using errcode = 'MT009',
                hint = (select martlet_data.did_you_mean(sender, array_agg(s.key)) from martlet_data.senders s where s.retired_at is null)
                    || 'Use a key of Config/policy/senders.yaml that has been applied, or leave it out for the default.';
        end if;
    end if;
    -- By itself, as is all that needs no table: an expression of the statement above is made ready at every call, one of its own once a transaction. The first line
    -- sees most of the numbers that is_e164 takes, with a third of its words.
    if v_kind = 'phone' and recipient like '+_______%' and length(recipient) <= 16 and ltrim(substr(recipient, 2), '0123456789') = ''
            and recipient not like all ('{+0%,+11%,+37%,+69%,+78%,+99%,__0%,___0%,____0%}') then
        v_address := recipient;
    elsif v_kind = 'phone' and martlet_data.is_e164(recipient) then
        v_address := recipient;
    else
        if sender is null then
            select s.default_country into v_country from martlet_data.senders s where s.is_default and s.retired_at is null;
        end if;
        v_address := martlet_data.normalise_address(v_kind, recipient, v_country);
        if v_address is null then
            perform martlet_data.refuse_address(v_kind, recipient, v_country);
        end if;
    end if;
    if time_zone is not null then
        if not exists (select from martlet_data.time_zones z where z.name = enqueue.time_zone) then
            raise exception 'field time_zone: unknown time zone %', quote_literal(time_zone) using errcode = 'MT005',
                hint = (select martlet_data.did_you_mean(time_zone, array_agg(z.name)) from martlet_data.time_zones z) || 'Use an IANA name such as Asia/Shanghai.';
        end if;
    end if;
    if (jsonb_typeof(variables) = 'object' and headers is null and octet_length(v_words) <= 256 and v_words !~ '[[:cntrl:]]'
            and (length(locale) > 35 or length(tier) > 64 or length(traceparent) > 64
                or '' in (recipient_key, locale, tier, group_key, idempotency_key, traceparent)) is not true
            and current_setting('synchronous_commit') in ('on', 'remote_apply')
            and clock_timestamp() < v_now + interval '10 ms') is not true then
        -- Two messages of one millisecond have the same id if 65,536 numbers lie between them: no server gives as many in 10 ms (martlet_data.take_id).
        -- So a number that was taken later than that after the clock was read is left unused.
        while clock_timestamp() >= v_now + interval '10 ms' loop
            v_before := v_now;
            v_now := clock_timestamp();
            if expires_at is null and coalesce(scheduled_at <= v_before, true) then
                v_expires := v_expires + (v_now - v_before);
            end if;
            v_seq := nextval('martlet_data.message_seq');
        end loop;
        perform martlet_data.check_unusual(variables, headers, v_expires, scheduled_at, recipient_key, locale, tier, group_key, idempotency_key, traceparent);
        perform martlet_data.commit_durably(); -- an acknowledged enqueue is never lost
    end if;
    v_ms := date_part('epoch', v_now) * 1000;
    v_id := (v_ms - 1735689600000) << 22 | v_cluster | (v_seq & 65535);
    -- Before what may have changed since: a request that was taken is taken, also when its times have passed or its template needs more by now.
    if idempotency_key is not null then
        if v_body is null or octet_length(v_body) > 65536 then -- not even a hash is made of what is too large
            perform martlet_data.check_json('variables', variables, 65536);
        end if;
        v_hash := martlet_data.request_hash(class, channel, recipient, template, variables, scheduled_at, expires_at, recipient_key, locale, time_zone, tier,
            group_key, sender, headers);
        for try in 1..3 loop
            insert into martlet_data.idempotency_keys (producer, key, request_hash, message_id, created_at)
                values (session_user, idempotency_key, v_hash, v_id, v_now) on conflict do nothing;
            exit when found;
            select k.message_id, k.request_hash into v_seen from martlet_data.idempotency_keys k where k.producer = session_user and k.key = idempotency_key;
            if found and (v_seen.request_hash = v_hash or martlet_data.was_same_request(v_seen.request_hash, v_seen.message_id, class, channel, recipient, template,
                    variables, scheduled_at, expires_at, recipient_key, locale, time_zone, tier, group_key, sender, headers, v_address)) then
                return v_seen.message_id;
            elsif found then
                raise exception 'field idempotency_key: % was used for message % with another request', quote_literal(idempotency_key), v_seen.message_id
                    using errcode = 'MT008', detail = format('request before: %s, request now: %s (sha256)', right(encode(v_seen.request_hash, 'hex'), 16), right(encode(v_hash, 'hex'), 16)),
                    hint = 'Use a new key for a new request; repeat a request with exactly the same arguments.';
            elsif try = 3 then
                -- REPEATABLE READ: the other row is committed but not in this snapshot.
                raise exception 'field idempotency_key: % is being used by another transaction', quote_literal(idempotency_key) using errcode = '40001',
                    hint = 'Run the transaction again.';
            end if;
        end loop;
    end if;

    if v_is_whole is not true or v_body is null or octet_length(v_body) > 400 or pg_column_size(variables) > 256 or v_body like any ('{"%\"\"%",%null%,%[]%}')
            or scheduled_at is not null or expires_at is not null then
        -- So few bytes hold no number and no nesting beyond the limits; of more this is a look at what is stored, and check_json has the last word.
        if v_body is null or octet_length(v_body) > 65536 or v_body ~ '[0-9]{200}'
                or octet_length(v_body) - octet_length(replace(replace(v_body, '{', ''), '[', '')) > 32 then
            perform martlet_data.check_json('variables', variables, 65536);
            v_body := variables::text;
        end if;
        -- With an empty value in it: it may be one of those that are required.
        if check_template is not false and (v_is_whole is not true or martlet_data.may_be_blank(v_body)) then
            perform martlet_data.check_template(class, channel, template, variables, locale, sender);
        end if;
        if scheduled_at is not null or expires_at is not null then
            perform martlet_data.check_times(scheduled_at, expires_at, v_now, class);
        end if;
    end if;
    if scheduled_at > v_now then
        insert into martlet_data.due (slot, due_at, message_id, lane, reason)
            values ((pg_sequence_last_value('martlet_data.due_cursor') & 4095)::smallint, scheduled_at, v_id, v_lane, 'scheduled');
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier,
                group_key, variables, headers, traceparent, producer, created_at, expires_at, scheduled_at)
            values (v_id, v_class, v_channel, coalesce(recipient_key, v_address), v_address, template, locale, sender, time_zone, tier,
                group_key, v_body::json, headers, traceparent, session_user, v_now, v_expires, scheduled_at);
    else
        with place as (
            insert into martlet_data.ready (slot, seq, message_id) values (v_slot, v_seq, v_id))
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier,
                group_key, variables, headers, traceparent, producer, created_at, expires_at)
            values (v_id, v_class, v_channel, coalesce(recipient_key, v_address), v_address, template, locale, sender, time_zone, tier,
                group_key, v_body::json, headers, traceparent, session_user, v_now, v_expires);
        -- The call costs more than this look, which it repeats.
        if pg_sequence_last_value('martlet_data.sleeper') > v_ms then
            perform martlet_data.wake_sleeper(v_lane);
        end if;
    end if;
    return v_id;
end $$;

comment on function martlet.enqueue is 'Puts one message into the queue, in the caller''s transaction; returns its id.';
grant execute on function martlet.enqueue(text, text, text, text, jsonb, text, timestamp with time zone, timestamp with time zone, text, text, text, text, text, text, jsonb, text, boolean) to martlet_admin, martlet_producer;

-- Why: the contract for services and admins: what may be called with the roles martlet_producer and martlet_admin.
-- Locks: none on existing tables. Compatible: yes.
set local role martlet_owner;

-- Locks of opt-out, consent and cancel against Admit: 256 buckets by hash, so that no batch exhausts the lock table. Admit holds them
-- shared until it commits; these functions take one exclusively, so what commits first is seen by the other.
create function martlet_data.bucket(p_text text) returns int
    language sql immutable parallel safe strict as $$ select pg_catalog.hashtext(p_text) & 255 $$;
create function martlet_data.bucket(p_id bigint) returns int
    language sql immutable parallel safe strict as $$ select pg_catalog.hashint8(p_id) & 255 $$;
create function martlet_data.lock_bucket(p_bucket int) returns void
    language sql volatile as $$ select pg_catalog.pg_advisory_xact_lock(7340002, p_bucket) $$;

create function martlet_data.mask(p_address text) returns text
    language sql immutable parallel safe strict as $$
    -- Of a number at least four digits are hidden, of anything else at least one character, however short it is.
    select case when p_address ~ '^\+' then left(p_address, head) || '****' || right(p_address, greatest(0, least(4, length(p_address) - 4 - head)))
                when p_address like '%@%' then left(p_address, greatest(0, least(1, position('@' in p_address) - 2))) || '**' || substr(p_address, position('@' in p_address))
                else left(p_address, least(2, length(p_address) / 3)) || '****' end
    from (select greatest(2, least(6, length(p_address) - 8)) as head) h $$;

-- E.164 from what people write: spaces, dots, dashes, brackets, 00 for +, a national number with the sender's country, and the zero in
-- '+44 (0)20 …' that is dialled at home only. Null: not a number.
create function martlet_data.normalise_phone(p_address text, p_country text) returns text
    language sql immutable parallel safe as $$
    select case when n ~ '^\+[1-9][0-9]{6,14}$' then n end from (
        select case when d like '+%' then d
                    when d like '00%' then '+' || substr(d, 3)
                    when p_country is not null then p_country || regexp_replace(d, '^0', '') end as n
        from (select translate(replace(p_address, '(0)', ''), ' .-()/' || chr(160), '') as d) digits) normal $$;

-- A plus and 7 to 15 digits, the first not 0: without a regular expression, which costs ten times as much.
create function martlet_data.is_e164(p_address text) returns boolean
    language sql immutable parallel safe as $$
    select left(p_address, 1) = '+' and length(p_address) between 8 and 16 and ltrim(substr(p_address, 2), '0123456789') = '' and substr(p_address, 2, 1) <> '0' $$;

-- No control characters. Of what is ASCII the cheap way: JSON escapes them (and quotes; so the dear way says no more than that).
create function martlet_data.is_plain(p_text text) returns boolean
    language sql stable parallel safe as $$
    select case when octet_length(p_text) = length(p_text) and octet_length(to_json(p_text)::text) = length(p_text) + 2 then position(chr(127) in p_text) = 0
        else p_text !~ '[[:cntrl:]]' end $$;

create function martlet_data.normalise_address(p_kind text, p_address text, p_country text) returns text
    language plpgsql immutable parallel safe as $$
begin
    if p_kind = 'phone' then
        if p_address ~ '^\+[1-9][0-9]{6,14}$' then
            return p_address;
        end if;
        return martlet_data.normalise_phone(p_address, p_country);
    elsif p_kind = 'email' then
        -- One mailbox, nothing that could end a header or an SMTP command; the rest is the mail server's to judge.
        if length(p_address) <= 254 and p_address ~ '^[^@[:space:][:cntrl:]<>()\[\],;:"\\]{1,64}@[^@[:space:][:cntrl:]<>()\[\],;:"\\.]+(\.[^@[:space:][:cntrl:]<>()\[\],;:"\\.]+)+$' then
            return substr(p_address, 1, position('@' in p_address)) || lower(substr(p_address, position('@' in p_address) + 1));
        end if;
        return null;
    end if;
    return case when length(p_address) between 1 and 512 and p_address !~ '[[:cntrl:]]' then p_address end;
end $$;

-- What was acknowledged is not lost, whatever the caller's session says about commits.
create function martlet_data.commit_durably() returns void
    language sql volatile as $$
    select pg_catalog.set_config('synchronous_commit', 'on', true) where pg_catalog.current_setting('synchronous_commit') not in ('on', 'remote_apply') $$;

-- A time out of JSON, with the field's name when it is none.
create function martlet_data.time_from(p_field text, p_value text) returns timestamptz
    language plpgsql stable strict as $$
begin
    return p_value::timestamptz;
exception when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
    raise exception 'field %: % is not a time', p_field, quote_literal(left(p_value, 64)) using errcode = 'MT007',
        hint = 'Write it as ISO 8601 with a zone, such as 2025-06-01T08:30:00+02:00.';
end $$;

create function martlet_data.json_from(p_field text, p_value text) returns jsonb
    language plpgsql immutable strict as $$
begin
    return p_value::jsonb;
exception when data_exception then
    raise exception 'field %: not JSON: %', p_field, sqlerrm using errcode = case p_field when 'variables' then 'MT006' else 'MT010' end, hint = 'Pass a JSON object.';
end $$;

create function martlet_data.check_text(p_field text, p_value text, p_limit int) returns void
    language plpgsql immutable as $$
begin
    if length(p_value) > p_limit or p_value = '' or p_value ~ '[[:cntrl:]]' then
        raise exception 'field %: must be 1 … % characters without control characters', p_field, p_limit
            using errcode = 'MT010', hint = format('Shorten or correct %s, or leave it out.', p_field);
    end if;
end $$;

-- Says which of class, channel and template is not known.
create function martlet_data.refuse_unknown(p_class text, p_channel text, p_template text) returns void
    language plpgsql stable as $$
begin
    if not exists (select from martlet_data.classes c where c.name = p_class and c.retired_at is null) then
        raise exception 'field class: unknown class %', coalesce(quote_literal(p_class), 'null') using errcode = 'MT001',
            hint = 'Known classes: ' || coalesce((select string_agg(c.name, ', ' order by c.name) from martlet_data.classes c where c.retired_at is null), 'none; an operator must run "martlet config apply" first') || '.';
    elsif not exists (select from martlet_data.channels c where c.name = p_channel and c.retired_at is null) then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(p_channel), 'null') using errcode = 'MT002',
            hint = 'Known channels: ' || (select string_agg(c.name, ', ' order by c.name) from martlet_data.channels c where c.retired_at is null) || '.';
    end if;
    raise exception 'field template: there is no template % for channel %', coalesce(quote_literal(p_template), 'null'), p_channel using errcode = 'MT004',
        hint = 'Push it with "martlet templates push", or correct the key.';
end $$;

-- What enqueue looks at only when something about a message is unusual: says what is wrong, or that it is unusual and no more.
create function martlet_data.check_unusual(variables jsonb, headers jsonb, v_expires timestamptz, scheduled_at timestamptz, recipient_key text, locale text,
        tier text, group_key text, idempotency_key text, traceparent text) returns void
    language plpgsql volatile as $$
begin
    if variables is null or jsonb_typeof(variables) <> 'object' then
        raise exception 'field variables: must be a JSON object, not %', coalesce(jsonb_typeof(variables), 'null') using errcode = 'MT006',
            hint = 'Pass {} when the template needs none.';
    elsif octet_length(variables::text) > 65536 then
        raise exception 'field variables: % bytes, the limit is 65536', octet_length(variables::text) using errcode = 'MT006',
            hint = 'Pass only what the template shows; put the rest behind a link.';
    elsif v_expires <= greatest(clock_timestamp(), scheduled_at) then
        raise exception 'field expires_at: % is not after %', v_expires, case when scheduled_at > clock_timestamp() then 'scheduled_at' else 'now' end using errcode = 'MT007',
            hint = 'Leave it out for the class''s time to live, or pass a later time.';
    end if;
    perform martlet_data.check_text('recipient_key', recipient_key, 256);
    perform martlet_data.check_text('locale', locale, 35);
    perform martlet_data.check_text('tier', tier, 64);
    perform martlet_data.check_text('group_key', group_key, 256);
    perform martlet_data.check_text('idempotency_key', idempotency_key, 256);
    perform martlet_data.check_text('traceparent', traceparent, 64);
    if headers is not null and (jsonb_typeof(headers) <> 'object' or octet_length(headers::text) > 8192) then
        raise exception 'field headers: must be a JSON object of at most 8192 bytes' using errcode = 'MT010', hint = 'Leave it out if there are none.';
    end if;
end $$;

create function martlet.enqueue(
    class text, channel text, recipient text, template text, variables jsonb default '{}',
    idempotency_key text default null, scheduled_at timestamptz default null, expires_at timestamptz default null,
    recipient_key text default null, locale text default null, time_zone text default null, tier text default null,
    group_key text default null, sender text default null, headers jsonb default null, traceparent text default null
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
    v_expires  timestamptz;
    v_is_usual boolean;
    v_seq      bigint;
    v_id       bigint;
    v_country  text;
    v_hash     bytea;
    v_seen     record;
begin
    -- As much as possible by one statement: each further one, and each further expression, costs a tenth of a bare insert. The slot is read
    -- here, before the statement that inserts: that one then sees the partition, however quickly the ring moves on. The transaction number
    -- comes before the sequence: a claimer that sees no older transaction open has seen every lower number.
    select p.class_id, p.channel_id, p.address_kind, p.lane, (pg_sequence_last_value(p.cursor) & 4095)::smallint,
            coalesce(expires_at, coalesce(scheduled_at, v_now) + p.time_to_live),
            nextval(case when pg_current_xact_id() is not null then 'martlet_data.message_seq'::regclass end),
            case when p.address_kind = 'phone' and martlet_data.is_e164(recipient) then recipient end, -- the common case, without another call
            jsonb_typeof(variables) = 'object' and pg_column_size(variables) <= 16384 and headers is null
                and coalesce(expires_at > greatest(v_now, scheduled_at), true)
                and octet_length(concat(recipient_key, locale, tier, group_key, idempotency_key, traceparent)) <= 256
                and coalesce(length(locale) <= 35, true) and coalesce(length(tier) <= 64, true) and coalesce(length(traceparent) <= 64, true)
                and concat(recipient_key, locale, tier, group_key, idempotency_key, traceparent) !~ '[[:cntrl:]]'
                and ('' in (recipient_key, locale, tier, group_key, idempotency_key, traceparent)) is not true
                and current_setting('synchronous_commit') in ('on', 'remote_apply')
        into v_class, v_channel, v_kind, v_lane, v_slot, v_expires, v_seq, v_address, v_is_usual
        from martlet_data.enqueue_places p where p.template = enqueue.template and p.class = enqueue.class and p.channel = enqueue.channel;
    if not found then
        perform martlet_data.refuse_unknown(class, channel, template);
    end if;
    if sender is not null then
        select s.default_country into v_country from martlet_data.senders s where s.key = enqueue.sender and s.retired_at is null;
        if not found then
            raise exception 'field sender: unknown sender %', quote_literal(sender) using errcode = 'MT009',
                hint = 'Use a key of Config/policy/senders.yaml that has been applied, or leave it out for the default.';
        end if;
    end if;
    if v_address is null then
        if sender is null then
            select s.default_country into v_country from martlet_data.senders s where s.is_default and s.retired_at is null;
        end if;
        v_address := martlet_data.normalise_address(v_kind, recipient, v_country);
        if v_address is null then
            raise exception 'field recipient: % is not %', coalesce(quote_literal(martlet_data.mask(recipient)), 'null'),
                case v_kind when 'phone' then 'a phone number' when 'email' then 'an e-mail address' else 'a usable address' end
                using errcode = 'MT003',
                hint = case v_kind when 'phone' then 'Write it as E.164, such as +8613800138000.'
                    when 'email' then 'Write one mailbox, such as ann@example.com, without display name.'
                    else 'It must be 1 … 512 characters without control characters.' end;
        end if;
    end if;
    if time_zone is not null then
        if not exists (select from martlet_data.time_zones z where z.name = enqueue.time_zone) then
            raise exception 'field time_zone: unknown time zone %', quote_literal(time_zone) using errcode = 'MT005',
                hint = 'Use an IANA name such as Asia/Shanghai.';
        end if;
    end if;
    if v_is_usual is not true then
        perform martlet_data.check_unusual(variables, headers, v_expires, scheduled_at, recipient_key, locale, tier, group_key, idempotency_key, traceparent);
        perform martlet_data.commit_durably(); -- an acknowledged enqueue is never lost
    end if;
    v_id := ((date_part('epoch', v_now) * 1000)::bigint - 1735689600000) << 22 | (v_seq & 4194303);

    if idempotency_key is not null then
        -- The caller's own arguments, before defaults and without trace headers.
        v_hash := sha256(convert_to(jsonb_build_array(class, channel, recipient, template, variables, scheduled_at, expires_at,
            recipient_key, locale, time_zone, tier, group_key, sender, headers)::text, 'UTF8'));
        for try in 1..3 loop
            insert into martlet_data.idempotency_keys (producer, key, request_hash, message_id, created_at)
                values (session_user, idempotency_key, v_hash, v_id, v_now) on conflict do nothing;
            exit when found;
            select k.message_id, k.request_hash into v_seen from martlet_data.idempotency_keys k where k.producer = session_user and k.key = idempotency_key;
            if found and v_seen.request_hash = v_hash then
                return v_seen.message_id;
            elsif found then
                raise exception 'field idempotency_key: % was used for message % with another request', quote_literal(idempotency_key), v_seen.message_id
                    using errcode = 'MT008', detail = format('request before: %s, request now: %s (sha256)', left(encode(v_seen.request_hash, 'hex'), 16), left(encode(v_hash, 'hex'), 16)),
                    hint = 'Use a new key for a new request; repeat a request with exactly the same arguments.';
            elsif try = 3 then
                -- REPEATABLE READ: the other row is committed but not in this snapshot.
                raise exception 'field idempotency_key: % is being used by another transaction', quote_literal(idempotency_key) using errcode = '40001',
                    hint = 'Run the transaction again.';
            end if;
        end loop;
    end if;

    if scheduled_at > v_now then
        insert into martlet_data.due (slot, due_at, message_id, lane, reason)
            values ((pg_sequence_last_value('martlet_data.due_cursor') & 4095)::smallint, scheduled_at, v_id, v_lane, 'scheduled');
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier,
                group_key, variables, headers, traceparent, producer, created_at, expires_at, scheduled_at)
            values (v_id, v_class, v_channel, coalesce(recipient_key, v_address), v_address, template, locale, sender, time_zone, tier,
                group_key, variables::json, headers, traceparent, session_user, v_now, v_expires, scheduled_at);
    else
        with place as (
            insert into martlet_data.ready (slot, seq, message_id) values (v_slot, v_seq, v_id))
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier,
                group_key, variables, headers, traceparent, producer, created_at, expires_at)
            values (v_id, v_class, v_channel, coalesce(recipient_key, v_address), v_address, template, locale, sender, time_zone, tier,
                group_key, variables::json, headers, traceparent, session_user, v_now, v_expires);
    end if;
    return v_id;
end $$;
comment on function martlet.enqueue is 'Puts one message into the queue, in the caller''s transaction; returns its id.';

-- Many at once, as arrays with the names of enqueue's arguments: what enqueue does, for all rows by one statement. Rows that are usual
-- in every way go together; whatever is not (a national number, a long text, a used idempotency key, a mistake) goes through enqueue
-- itself, so that both say the same. Errors begin with the element's number, from 1; then nothing of the call is enqueued.
create function martlet.enqueue_rows(
    class text[], channel text[], recipient text[], template text[], variables text[] default null,
    idempotency_key text[] default null, scheduled_at text[] default null, expires_at text[] default null,
    recipient_key text[] default null, locale text[] default null, time_zone text[] default null, tier text[] default null,
    group_key text[] default null, sender text[] default null, headers text[] default null, traceparent text[] default null
) returns bigint[]
    language plpgsql security definer set search_path = pg_catalog, pg_temp set work_mem = '64MB' as $$
#variable_conflict use_column
declare
    v_now    timestamptz := clock_timestamp();
    v_first  bigint := ((date_part('epoch', v_now) * 1000)::bigint - 1735689600000) << 22;
    v_count  int := coalesce(cardinality(class), 0);
    v_ids    bigint[] := array_fill(null::bigint, array[v_count]);
    v_places bigint[];
    v_done   bigint[];
    v_slots  smallint[] := (select array_agg((pg_sequence_last_value(l.cursor) & 4095)::smallint order by l.lane) from martlet_data.lanes l); -- before the statement that inserts
    v_at     int;
    v_state  text;
    v_text   text;
    v_hint   text;
    v_detail text;
begin
    if v_count > 10000 then
        raise exception 'field class: % elements, the limit is 10000', v_count using errcode = 'MT011', hint = 'Call it several times.';
    elsif exists (select from unnest(array[cardinality(channel), cardinality(recipient), cardinality(template), cardinality(variables), cardinality(idempotency_key),
            cardinality(scheduled_at), cardinality(expires_at), cardinality(recipient_key), cardinality(locale), cardinality(time_zone), cardinality(tier),
            cardinality(group_key), cardinality(sender), cardinality(headers), cardinality(traceparent)]) l(length) where l.length <> v_count) then
        raise exception 'the arrays differ in length' using errcode = 'MT011', hint = format('Give every array %s elements, as class has, or leave it out.', v_count);
    elsif v_count = 0 then
        return '{}';
    end if;
    -- The transaction number first, then the sequence: as in enqueue.
    perform pg_current_xact_id();
    perform martlet_data.commit_durably();
    begin
        with places as materialized (
            select c.name, c.id, c.lane, c.time_to_live, v_now + c.time_to_live as end_at, v_slots[c.lane + 1] as slot
            from martlet_data.classes c where c.retired_at is null),
        known_channels as materialized (select c.id, c.name, c.address_kind from martlet_data.channels c where c.retired_at is null),
        known_templates as materialized (select distinct t.key, t.channel from martlet_data.templates t where t.retired_at is null),
        usual as materialized (
            select u.*, v_first | (u.seq & 4194303) as id from (select r.*, nextval('martlet_data.message_seq') as seq from (
                select g.*, p.id as class_id, p.lane, p.slot, h.id as channel_id,
                    -- What jsonb would refuse (a NUL, half a surrogate pair) is written as an escape.
                    case when position('\u' in g.variables) > 0 then g.variables::jsonb::json else coalesce(g.variables, '{}')::json end as body,
                    case when h.address_kind = 'phone' then case when martlet_data.is_e164(g.recipient) then g.recipient end
                        when h.address_kind = 'email' then martlet_data.normalise_address('email', g.recipient, null) end as address,
                    g.scheduled_at::timestamptz as due_at,
                    coalesce(g.expires_at::timestamptz, g.scheduled_at::timestamptz + p.time_to_live, p.end_at) as end_at
                from unnest(class, channel, recipient, template, variables, idempotency_key, scheduled_at, expires_at, recipient_key, locale, time_zone,
                        tier, group_key, sender, headers, traceparent)
                    with ordinality g(class, channel, recipient, template, variables, idempotency_key, scheduled_at, expires_at, recipient_key, locale,
                        time_zone, tier, group_key, sender, headers, traceparent, n)
                    join places p on p.name = g.class
                    join known_channels h on h.name = g.channel
                    join known_templates t on t.key = g.template and t.channel = g.channel
                where g.headers is null
                    and (g.variables is null or octet_length(g.variables) <= 16384 and left(ltrim(g.variables, E' \t\n\r'), 1) = '{')
                    and (g.time_zone is null or exists (select from martlet_data.time_zones z where z.name = g.time_zone))
                    and (g.sender is null or exists (select from martlet_data.senders s where s.key = g.sender and s.retired_at is null))
                    and coalesce(octet_length(g.recipient_key), 0) <= 256 and coalesce(octet_length(g.group_key), 0) <= 256 and coalesce(octet_length(g.idempotency_key), 0) <= 256
                    and coalesce(length(g.locale), 0) <= 35 and coalesce(length(g.tier), 0) <= 64 and coalesce(length(g.traceparent), 0) <= 64
                    and martlet_data.is_plain(coalesce(g.recipient_key, '') || coalesce(g.locale, '') || coalesce(g.tier, '') || coalesce(g.group_key, '')
                        || coalesce(g.idempotency_key, '') || coalesce(g.traceparent, ''))
                    and ('' in (g.recipient_key, g.locale, g.tier, g.group_key, g.idempotency_key, g.traceparent)) is not true
                order by g.n offset 0) r
            where address is not null and end_at > greatest(v_now, due_at)) u),
        keyed as (
            insert into martlet_data.idempotency_keys (producer, key, request_hash, message_id, created_at)
            select session_user, idempotency_key, sha256(convert_to(jsonb_build_array(class, channel, recipient, template, body::jsonb, due_at, expires_at::timestamptz,
                    recipient_key, locale, time_zone, tier, group_key, sender, null::jsonb)::text, 'UTF8')), id, v_now
            from usual where idempotency_key is not null order by idempotency_key
            on conflict do nothing returning message_id),
        bodies as (
            insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier, group_key, variables,
                headers, traceparent, producer, created_at, expires_at, scheduled_at)
            select id, class_id, channel_id, coalesce(recipient_key, address), address, template, locale, sender, time_zone, tier, group_key, body,
                null, traceparent, session_user, v_now, end_at, case when due_at > v_now then due_at end
            from usual where idempotency_key is null or id in (select message_id from keyed)),
        later as (
            insert into martlet_data.due (slot, due_at, message_id, lane, reason)
            select (pg_sequence_last_value('martlet_data.due_cursor') & 4095)::smallint, due_at, id, lane, 'scheduled'
            from usual where due_at > v_now and (idempotency_key is null or id in (select message_id from keyed))),
        now as (
            insert into martlet_data.ready (slot, seq, message_id) select slot, seq, id
            from usual where (due_at > v_now) is not true and (idempotency_key is null or id in (select message_id from keyed)))
        select coalesce(array_agg(n), '{}'), coalesce(array_agg(id), '{}') into v_places, v_done
        from usual where idempotency_key is null or id in (select message_id from keyed);
        for i in 1 .. cardinality(v_done) loop
            v_ids[v_places[i]] := v_done[i];
        end loop;
    exception when data_exception then
        null; -- a text that is no JSON or no time; enqueue says which
    end;
    if array_position(v_ids, null) is not null then
        -- In order of their keys, so that two callers with the same keys cannot wait for each other in a circle.
        for v_at in select i.n from unnest(v_ids, idempotency_key) with ordinality i(id, key, n) where i.id is null order by i.key nulls first, i.n loop
            v_ids[v_at] := martlet.enqueue(class[v_at], channel[v_at], recipient[v_at], template[v_at], martlet_data.json_from('variables', coalesce(variables[v_at], '{}')), idempotency_key[v_at],
                martlet_data.time_from('scheduled_at', scheduled_at[v_at]), martlet_data.time_from('expires_at', expires_at[v_at]), recipient_key[v_at],
                locale[v_at], time_zone[v_at], tier[v_at], group_key[v_at], sender[v_at], martlet_data.json_from('headers', headers[v_at]), traceparent[v_at]);
        end loop;
    end if;
    return v_ids;
exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_text = message_text, v_hint = pg_exception_hint, v_detail = pg_exception_detail;
    raise exception '%', case when v_at is null then v_text else format('element %s: %s', v_at, v_text) end using errcode = v_state,
        hint = coalesce(nullif(v_hint, ''), 'Correct this element and call again.'), detail = coalesce(nullif(v_detail, ''), 'Nothing of this call was enqueued.');
end $$;
comment on function martlet.enqueue_rows is 'Puts many messages into the queue by one statement; returns their ids in order.';

create function martlet.enqueue_many(messages jsonb) returns table ("position" int, message_id bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_bad record;
    v_ids bigint[];
begin
    if messages is null or jsonb_typeof(messages) <> 'array' then
        raise exception 'field messages: must be a JSON array of objects' using errcode = 'MT011', hint = 'Each object has the names of enqueue''s arguments.';
    elsif jsonb_array_length(messages) > 10000 then
        raise exception 'field messages: % elements, the limit is 10000', jsonb_array_length(messages) using errcode = 'MT011', hint = 'Call it several times, or use martlet.enqueue_rows.';
    end if;
    select e.n, jsonb_typeof(e.o) as kind into v_bad from jsonb_array_elements(messages) with ordinality e(o, n) where jsonb_typeof(e.o) <> 'object' limit 1;
    if found then
        raise exception 'element %: must be an object, not %', v_bad.n, v_bad.kind using errcode = 'MT011', hint = 'Each object has the names of enqueue''s arguments.';
    end if;
    select e.n, string_agg(k, ', ') as fields into v_bad from jsonb_array_elements(messages) with ordinality e(o, n), jsonb_object_keys(e.o) k
        where k not in ('class', 'channel', 'recipient', 'template', 'variables', 'idempotency_key', 'scheduled_at', 'expires_at', 'recipient_key', 'locale',
            'time_zone', 'tier', 'group_key', 'sender', 'headers', 'traceparent') group by e.n order by e.n limit 1;
    if found then
        raise exception 'element %: unknown field %', v_bad.n, v_bad.fields using errcode = 'MT011', hint = 'Use the names of enqueue''s arguments; template variables go into "variables".';
    end if;
    select martlet.enqueue_rows(array_agg(o ->> 'class' order by n), array_agg(o ->> 'channel' order by n), array_agg(o ->> 'recipient' order by n), array_agg(o ->> 'template' order by n),
            array_agg((o -> 'variables')::text order by n), array_agg(o ->> 'idempotency_key' order by n), array_agg(o ->> 'scheduled_at' order by n), array_agg(o ->> 'expires_at' order by n),
            array_agg(o ->> 'recipient_key' order by n), array_agg(o ->> 'locale' order by n), array_agg(o ->> 'time_zone' order by n), array_agg(o ->> 'tier' order by n),
            array_agg(o ->> 'group_key' order by n), array_agg(o ->> 'sender' order by n), array_agg(nullif(o -> 'headers', 'null')::text order by n), array_agg(o ->> 'traceparent' order by n))
        into v_ids from jsonb_array_elements(messages) with ordinality e(o, n);
    return query select i::int, v_ids[i] from generate_series(1, jsonb_array_length(messages)) i;
end $$;

-- For COPY: columns are enqueue's arguments. A row passes through enqueue itself, so it is as safe as the function.
create view martlet.bulk_enqueue as
    select null::text as class, null::text as channel, null::text as recipient, null::text as template, null::jsonb as variables,
        null::text as idempotency_key, null::timestamptz as scheduled_at, null::timestamptz as expires_at, null::text as recipient_key,
        null::text as locale, null::text as time_zone, null::text as tier, null::text as group_key, null::text as sender,
        null::jsonb as headers, null::text as traceparent
    where false;
create function martlet_data.bulk_enqueue_row() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform martlet.enqueue(new.class, new.channel, new.recipient, new.template, coalesce(new.variables, '{}'), new.idempotency_key,
        new.scheduled_at, new.expires_at, new.recipient_key, new.locale, new.time_zone, new.tier, new.group_key, new.sender, new.headers, new.traceparent);
    return new;
end $$;
create trigger bulk_enqueue_row instead of insert on martlet.bulk_enqueue for each row execute function martlet_data.bulk_enqueue_row();

-- A message belongs to the role that enqueued it; admins may act on all.
create function martlet_data.is_admin() returns boolean
    language sql stable as $$ select pg_has_role(session_user, 'martlet_admin', 'member') $$;

create function martlet.cancel(message_id bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(martlet_data.bucket(message_id));
    -- A statement of its own, after the lock: what Admit committed before is seen.
    if not exists (select from martlet_data.messages m where m.id = message_id and (m.producer = session_user or martlet_data.is_admin())) then
        raise exception 'message % does not exist, or another producer enqueued it', message_id using errcode = 'MT012', hint = 'Pass the id that enqueue returned, with the role that enqueued it.';
    end if;
    if exists (select from martlet_data.dead_letters d where d.message_id = cancel.message_id) then
        return 'already_final';
    end if;
    if exists (select from martlet_data.receipts r where r.message_id = cancel.message_id and r.kind in ('delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) then
        return 'already_final';
    end if;
    if exists (select from martlet_data.attempts a where a.message_id = cancel.message_id and not exists (
            select from martlet_data.receipts r where r.message_id = a.message_id and r.attempt = a.attempt and r.kind in ('deferred', 'rejected'))) then
        return 'too_late'; -- handed over, or on its way, or in doubt
    end if;
    insert into martlet_data.cancellations (message_id) values (message_id) on conflict do nothing;
    return 'cancelled';
end $$;
comment on function martlet.cancel(bigint) is 'cancelled | too_late | already_final';

create function martlet.cancel(group_key text) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('group_key', group_key, 256);
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(martlet_data.bucket(group_key));
    insert into martlet_data.group_cancellations as g (group_key, producer) values (group_key, case when martlet_data.is_admin() then '*' else session_user end)
        on conflict on constraint group_cancellations_pkey do update set cancelled_at = clock_timestamp();
    return 'cancelled';
end $$;
comment on function martlet.cancel(text) is 'Every message of this group that was enqueued until now and is not yet admitted will end as cancelled.';

create function martlet_data.known_address(p_channel text, p_recipient text) returns text
    language plpgsql stable as $$
declare
    v_kind text;
    v_address text;
begin
    select c.address_kind into v_kind from martlet_data.channels c where c.name = p_channel and c.retired_at is null;
    if not found then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(p_channel), 'null') using errcode = 'MT002', hint = 'Use a channel of the policy: sms, email.';
    end if;
    v_address := martlet_data.normalise_address(v_kind, p_recipient, (select s.default_country from martlet_data.senders s where s.is_default and s.retired_at is null));
    if v_address is null then
        raise exception 'field recipient: not an address of channel %', p_channel using errcode = 'MT003', hint = 'Phone numbers as E.164 (+8613800138000), one mailbox without display name.';
    end if;
    return v_address;
end $$;

create function martlet.suppress(channel text, recipient text, scope text default 'marketing', reason text default 'opt_out') returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    v_address text := martlet_data.known_address(suppress.channel, suppress.recipient);
    v_id bigint;
begin
    perform martlet_data.check_text('reason', coalesce(suppress.reason, ''), 256);
    if suppress.scope is null or suppress.scope not in ('all', 'all_except_otp') and not exists (select from martlet_data.classes c where c.name = suppress.scope) then
        raise exception 'field scope: unknown scope %', coalesce(quote_literal(suppress.scope), 'null') using errcode = 'MT001', hint = 'Use the name of a class, all_except_otp or all.';
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(martlet_data.bucket(v_address));
    insert into martlet_data.suppressions (channel, address, scope, reason) values (suppress.channel, v_address, suppress.scope, suppress.reason)
        on conflict (address, channel, scope) where lifted_at is null do nothing returning id into v_id;
    if v_id is null then
        select s.id into v_id from martlet_data.suppressions s where s.address = v_address and s.channel = suppress.channel and s.scope = suppress.scope and s.lifted_at is null;
    end if;
    return v_id;
end $$;
comment on function martlet.suppress is 'From its commit on nothing of this scope is admitted to the address; returns the id of the suppression.';

create function martlet.unsuppress(channel text, recipient text, why text, scope text default null) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_address text := martlet_data.known_address(channel, recipient);
    v_count int;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(martlet_data.bucket(v_address));
    update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = why
        where s.address = v_address and s.channel = unsuppress.channel and (unsuppress.scope is null or s.scope = unsuppress.scope) and s.lifted_at is null;
    get diagnostics v_count = row_count;
    insert into martlet_data.audit (action, object, why, detail) values ('unsuppress', martlet_data.mask(v_address), why, jsonb_build_object('channel', channel, 'scope', scope, 'lifted', v_count));
    return v_count;
end $$;

create function martlet.record_consent(recipient_key text, channel text, purpose text, status text, method text, wording text default null) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_id bigint;
begin
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    perform martlet_data.check_text('method', coalesce(method, ''), 256);
    if not exists (select from martlet_data.channels c where c.name = record_consent.channel and c.retired_at is null) then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(channel), 'null') using errcode = 'MT002', hint = 'Use a channel of the policy: sms, email.';
    end if;
    if not exists (select from martlet_data.classes c where c.name = purpose) then
        raise exception 'field purpose: unknown class %', coalesce(quote_literal(purpose), 'null') using errcode = 'MT001', hint = 'Consent is given for a class of messages, such as marketing.';
    end if;
    if status is null or status not in ('granted', 'pending', 'withdrawn') then
        raise exception 'field status: % is none of granted, pending, withdrawn', coalesce(quote_literal(status), 'null') using errcode = 'MT010', hint = 'pending: until the recipient has confirmed (double opt-in).';
    end if;
    if length(wording) > 4000 then
        raise exception 'field wording: longer than 4000 characters' using errcode = 'MT010', hint = 'Store the exact sentence that was shown, or its version number.';
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(martlet_data.bucket(recipient_key));
    insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording) values (recipient_key, channel, purpose, status, method, wording) returning id into v_id;
    return v_id;
end $$;

-- What people asked for by text, in the order in which they wrote (p_scopes: what is suppressed; null: START); answers for each whether it
-- changed anything. An opt-out also withdraws the consents of the person whose key is the address; START lifts what was an opt-out, never
-- what was suppressed for another reason, and puts back the consents that a text withdrew as they were: it grants nothing that was not
-- granted. Locks first, all in order; every statement after them sees what was committed before.
create function martlet_data.apply_keywords(p_channel text, p_addresses text[], p_scopes text[], p_words text[]) returns boolean[]
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_changed boolean[] := '{}';
    v_rows int;
    v_consents int;
begin
    if cardinality(p_addresses) = 0 then
        return v_changed;
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(b.bucket) from (select distinct martlet_data.bucket(a) as bucket from unnest(p_addresses) a order by 1 offset 0) b;
    for i in 1 .. cardinality(p_addresses) loop
        if p_scopes[i] is not null then
            insert into martlet_data.suppressions (channel, address, scope, reason) values (p_channel, p_addresses[i], p_scopes[i], 'opt_out_text')
                on conflict (address, channel, scope) where lifted_at is null do nothing;
            get diagnostics v_rows = row_count;
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
                select p_addresses[i], p_channel, n.purpose, 'withdrawn', 'text', p_words[i]
                from (select distinct on (c.purpose) c.purpose, c.status from martlet_data.consents c
                    where c.recipient_key = p_addresses[i] and c.channel = p_channel order by c.purpose, c.id desc) n
                where n.status <> 'withdrawn' and (p_scopes[i] in ('all', n.purpose) or p_scopes[i] = 'all_except_otp' and n.purpose <> 'otp');
        else
            update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = 'text: ' || p_words[i]
                where s.address = p_addresses[i] and s.channel = p_channel and s.reason in ('opt_out', 'opt_out_text') and s.lifted_at is null;
            get diagnostics v_rows = row_count;
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
                select p_addresses[i], p_channel, n.purpose, b.status, 'text', p_words[i]
                from (select distinct on (c.purpose) c.id, c.purpose, c.status, c.method from martlet_data.consents c
                    where c.recipient_key = p_addresses[i] and c.channel = p_channel order by c.purpose, c.id desc) n
                cross join lateral (select c.status from martlet_data.consents c
                    where c.recipient_key = p_addresses[i] and c.channel = p_channel and c.purpose = n.purpose and c.id < n.id order by c.id desc limit 1) b
                where n.status = 'withdrawn' and n.method = 'text' and b.status <> 'withdrawn';
        end if;
        get diagnostics v_consents = row_count;
        v_changed := v_changed || (v_rows + v_consents > 0);
    end loop;
    return v_changed;
end $$;

-- Dead letters ------------------------------------------------------------------------------------------------------------------
create function martlet.requeue(message_id bigint, why text, variables jsonb default null, provider text default null,
        may_duplicate boolean default false, approve_words boolean default false) returns timestamptz
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    d martlet_data.dead_letters;
    v_expires timestamptz;
    v_erased boolean;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    select * into d from martlet_data.dead_letters l where l.message_id = requeue.message_id for update;
    if not found then
        raise exception 'message % is not a dead letter', message_id using errcode = 'MT012', hint = 'List them with "martlet dead-letters list"; "martlet message show" tells what became of this one.';
    end if;
    if d.reason = 'in_doubt' and not may_duplicate then
        raise exception 'message % is in doubt: the recipient may already have it', message_id using errcode = 'MT013', hint = 'Ask the provider first; to send it all the same pass may_duplicate (--may-duplicate).';
    end if;
    if variables is not null and jsonb_typeof(variables) <> 'object' then
        raise exception 'field variables: must be a JSON object' using errcode = 'MT006', hint = 'Pass all variables; they replace the old ones.';
    end if;
    select clock_timestamp() + c.time_to_live, c.erases_body into v_expires, v_erased from martlet_data.classes c where c.name = d.class;
    if v_expires is null then
        raise exception 'class % of message % no longer exists', d.class, message_id using errcode = 'MT013', hint = 'Apply a policy that has it, or discard the message.';
    end if;
    if v_erased and variables is null then
        raise exception 'the variables of message % were erased, as its class % demands', message_id, d.class using errcode = 'MT013', hint = 'Pass variables, or discard the message and enqueue a new one.';
    end if;
    if not exists (select from martlet_data.messages m where m.id = message_id) then
        -- Its partition is gone; the dead letter kept the body.
        if d.message ->> 'id' is null then
            raise exception 'message % has no body: it was missing when a worker claimed it', message_id using errcode = 'MT013', hint = 'Discard it, and enqueue the message again.';
        end if;
        insert into martlet_data.messages select * from jsonb_populate_record(null::martlet_data.messages, d.message);
    end if;
    insert into martlet_data.requeues (message_id, series, expires_at, variables, provider, approve_words, why) values (message_id, d.series + 1, v_expires, variables, provider, approve_words, why);
    perform pg_current_xact_id();
    insert into martlet_data.ready (slot, seq, message_id, attempt, series)
        select (pg_sequence_last_value(l.cursor) & 4095)::smallint, nextval('martlet_data.message_seq'), message_id, d.attempt, d.series + 1 from martlet_data.lanes l where l.lane = d.lane;
    insert into martlet_data.receipts (message_id, kind, code, detail, actor) values (message_id, 'requeued', d.reason, why, session_user);
    insert into martlet_data.audit (action, object, why, detail) values ('requeue', message_id::text, why,
        jsonb_build_object('reason', d.reason, 'edited_variables', variables is not null, 'provider', provider, 'may_duplicate', may_duplicate, 'approve_words', approve_words));
    delete from martlet_data.dead_letters l where l.message_id = requeue.message_id;
    return v_expires;
end $$;
comment on function martlet.requeue is 'Starts a new series of attempts with a new time to live; returns when it expires.';

create function martlet.discard(message_id bigint, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_reason text;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    delete from martlet_data.dead_letters l where l.message_id = discard.message_id returning l.reason into v_reason;
    if not found then
        raise exception 'message % is not a dead letter', message_id using errcode = 'MT012', hint = 'List them with "martlet dead-letters list".';
    end if;
    insert into martlet_data.receipts (message_id, kind, code, detail, actor) values (message_id, 'discarded', v_reason, why, session_user);
    insert into martlet_data.audit (action, object, why, detail) values ('discard', message_id::text, why, jsonb_build_object('reason', v_reason));
end $$;

-- Lanes -------------------------------------------------------------------------------------------------------------------------
create function martlet.pause_lane(lane int, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    update martlet_data.lanes l set paused_at = clock_timestamp(), paused_by = session_user, pause_reason = why where l.lane = pause_lane.lane and l.lane < 8;
    if not found then
        raise exception 'field lane: there is no lane %', lane using errcode = 'MT010', hint = 'Lanes are 0 … 7; see martlet.lanes.';
    end if;
    insert into martlet_data.audit (action, object, why) values ('pause_lane', lane::text, why);
end $$;
create function martlet.resume_lane(lane int, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    update martlet_data.lanes l set paused_at = null, paused_by = null, pause_reason = null where l.lane = resume_lane.lane and l.lane < 8;
    if not found then
        raise exception 'field lane: there is no lane %', lane using errcode = 'MT010', hint = 'Lanes are 0 … 7; see martlet.lanes.';
    end if;
    insert into martlet_data.audit (action, object, why) values ('resume_lane', lane::text, why);
end $$;

-- Imports: how far the producer binary has come with a file, moved in the transaction of the rows themselves ----------------------
create function martlet.import_begin(name text, digest text) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v martlet_data.imports;
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 512);
    insert into martlet_data.imports (producer, name, digest) values (session_user, name, digest) on conflict do nothing;
    select * into v from martlet_data.imports i where i.producer = session_user and i.name = import_begin.name;
    if v.digest is distinct from digest then
        raise exception 'import %: its beginning differs from the file that was imported under this name on %', quote_literal(name), v.started_at using errcode = 'MT014',
            hint = 'Choose another name for another file.';
    end if;
    return v.lines_done;
end $$;
create function martlet.import_advance(name text, from_line bigint, to_line bigint, enqueued bigint, finished boolean default false) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    update martlet_data.imports i set lines_done = to_line, enqueued = i.enqueued + import_advance.enqueued, advanced_at = clock_timestamp(),
            finished_at = case when finished then clock_timestamp() end
        where i.producer = session_user and i.name = import_advance.name and i.lines_done = from_line and to_line >= from_line;
    if not found then
        raise exception 'import %: another run has moved past line %', quote_literal(name), from_line using errcode = 'MT014', hint = 'Run it once at a time; start again and it continues where the other stopped.';
    end if;
end $$;

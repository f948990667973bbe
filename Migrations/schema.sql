
CREATE SCHEMA martlet;

ALTER SCHEMA martlet OWNER TO martlet_owner;

CREATE SCHEMA martlet_data;

ALTER SCHEMA martlet_data OWNER TO martlet_owner;

CREATE TYPE martlet_data.journey_send AS (
	person text,
	entry integer,
	step text,
	class text,
	channel text,
	address text,
	template text,
	variables jsonb,
	locale text,
	time_zone text,
	tier text,
	sender text,
	pool text,
	code_as text,
	class_id smallint,
	channel_id smallint,
	lane smallint,
	time_to_live interval,
	problem text
);

ALTER TYPE martlet_data.journey_send OWNER TO martlet_owner;

CREATE FUNCTION martlet.add_members(audience text, people jsonb, OUT members bigint, OUT rejected bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v martlet_data.audiences;
    v_unknown text;
begin
    select * into v from martlet_data.audiences a where a.name = audience and a.state = 'ready' and (a.owner = session_user or martlet_data.is_admin()) for update;
    if not found then
        raise exception 'field audience: there is no audience % of yours', coalesce(quote_literal(audience), 'null') using errcode = 'MT020', hint = 'Make it with martlet.create_audience, or check the name in martlet.audiences.';
    elsif jsonb_typeof(people) is distinct from 'array' or jsonb_array_length(people) > 10000 then
        raise exception 'field people: must be an array of at most 10000 objects' using errcode = 'MT021', hint = 'Such as [{"person": "c-1", "sms": "+8613800138000"}].';
    end if;
    select format('element %s: %s', p.n, coalesce('unknown field ' || quote_literal(k.key), 'is no object')) into v_unknown
        from jsonb_array_elements(people) with ordinality p(value, n)
        left join lateral jsonb_object_keys(case when jsonb_typeof(p.value) = 'object' then p.value else '{}' end) k(key)
            on k.key <> all (array['person', 'sms', 'email', 'addresses', 'locale', 'time_zone', 'tier', 'variables'])
        where k.key is not null or jsonb_typeof(p.value) <> 'object' order by p.n limit 1;
    if v_unknown is not null then
        raise exception 'field people: %', v_unknown using errcode = 'MT021', hint = 'Known: person, sms, email, addresses, locale, time_zone, tier, variables. Nothing of this call was added.';
    end if;
    insert into martlet_data.audience_members (audience_id, line, person, sms, email, addresses, locale, time_zone, tier, variables)
        select v.id, p.n, coalesce(p.value->>'person', p.value->>'sms', p.value->>'email'), p.value->>'sms', p.value->>'email', p.value->'addresses', p.value->>'locale', p.value->>'time_zone', p.value->>'tier', (p.value->'variables')::json
        from jsonb_array_elements(people) with ordinality p(value, n) order by p.n;
    perform martlet_data.check_audience(v.id);
    select a.members - v.members, a.rejected - v.rejected into members, rejected from martlet_data.audiences a where a.id = v.id;
end $$;

ALTER FUNCTION martlet.add_members(audience text, people jsonb, OUT members bigint, OUT rejected bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.add_members(audience text, people jsonb, OUT members bigint, OUT rejected bigint) IS 'Adds people to a list; answers how many, and how many were rejected (martlet.audience_rejects). Runs that have begun do not change.';

CREATE FUNCTION martlet.approve_run(run_id integer, why text DEFAULT NULL::text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    r martlet_data.runs := martlet_data.known_run(run_id);
begin
    if not r.needs_approval or r.approved_at is not null then
        raise exception 'field run_id: run % does not wait for approval', run_id using errcode = 'MT022', hint = 'Nothing is to be done.';
    elsif r.created_by = session_user then
        raise exception 'field run_id: % started run %, so somebody else has to approve it', session_user, run_id using errcode = 'MT022', hint = 'Log in as another admin.';
    end if;
    update martlet_data.runs o set approved_at = clock_timestamp(), approved_by = session_user where o.id = run_id returning o.approved_at into r.approved_at;
    insert into martlet_data.audit (action, object, why) values ('approve_run', run_id::text, why);
    return r.approved_at;
end $$;

ALTER FUNCTION martlet.approve_run(run_id integer, why text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.approve_run(run_id integer, why text) IS 'The second person for a run that is larger than its campaign lets one person start.';

CREATE FUNCTION martlet.begin_audience(name text, query text DEFAULT NULL::text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_variable
declare
    v_id int;
begin
    if name is null or name !~ '^[a-z0-9][a-z0-9_-]{0,62}$' then
        raise exception 'field name: % is no name of an audience', coalesce(quote_literal(name), 'null') using errcode = 'MT020',
            hint = 'Use lower-case letters, digits, - and _, a letter or digit first, at most 63 characters.';
    elsif exists (select from martlet_data.audiences a where a.name = begin_audience.name and a.state = 'ready' and a.owner <> session_user) and not martlet_data.is_admin() then
        raise exception 'field name: audience % belongs to %', quote_literal(name), (select a.owner from martlet_data.audiences a where a.name = begin_audience.name and a.state = 'ready') using errcode = 'MT020',
            hint = 'Choose another name, or let an admin build it.';
    end if;
    insert into martlet_data.audiences (name, query) values (name, query) returning id into v_id;
    execute format('create table %s (like martlet_data.audience_members including defaults including comments including storage)', martlet_data.members_table('audience', v_id));
    execute format('alter table martlet_data.audience_members attach partition %s for values in (%s)', martlet_data.members_table('audience', v_id), v_id);
    execute format('revoke all on %s from martlet_worker', martlet_data.members_table('audience', v_id));
    return v_id;
end $_$;

ALTER FUNCTION martlet.begin_audience(name text, query text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.begin_audience(name text, query text) IS 'Begins a list of people; insert into martlet.audience_rows with the number that it answers, then call martlet.finish_audience.';

CREATE FUNCTION martlet.cancel(message_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340010], array[pg_catalog.hashint8(message_id)]);
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

ALTER FUNCTION martlet.cancel(message_id bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.cancel(message_id bigint) IS 'cancelled | too_late | already_final';

CREATE FUNCTION martlet.cancel(group_key text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('group_key', group_key, 256);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[pg_catalog.hashtext(group_key)]);
    insert into martlet_data.group_cancellations as g (group_key, producer) values (group_key, case when martlet_data.is_admin() then '*' else session_user end)
        on conflict on constraint group_cancellations_pkey do update set cancelled_at = clock_timestamp();
    return 'cancelled';
end $$;

ALTER FUNCTION martlet.cancel(group_key text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.cancel(group_key text) IS 'Every message of this group that was enqueued until now and is not yet admitted will end as cancelled.';

CREATE FUNCTION martlet.cancel_follow_up(message_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_state text;
begin
    perform martlet_data.commit_durably();
    if not exists (select from martlet_data.messages m where m.id = message_id and (m.producer = session_user or martlet_data.is_admin())) then
        raise exception 'message % does not exist, or another producer enqueued it', message_id using errcode = 'MT012', hint = 'Pass the id that enqueue returned, with the role that enqueued it.';
    end if;
    update martlet_data.follow_ups f set state = 'settled', why = 'cancelled', decided_at = clock_timestamp(), variables = null
        where f.message_id = cancel_follow_up.message_id and f.state = 'open';
    if found then
        return 'cancelled';
    end if;
    select f.state into v_state from martlet_data.follow_ups f where f.message_id = cancel_follow_up.message_id;
    return case when v_state is null then 'none' when v_state = 'sent' then 'too_late' else 'already_final' end;
end $$;

ALTER FUNCTION martlet.cancel_follow_up(message_id bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.cancel_follow_up(message_id bigint) IS 'cancelled | too_late (the second message is on its way: cancel that) | already_final | none';

CREATE FUNCTION martlet.cluster_of(p_message_id bigint) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select case when p_message_id >= c.since_id then (p_message_id >> 16 & 63)::int else 0 end from martlet_data.cluster c $$;

ALTER FUNCTION martlet.cluster_of(p_message_id bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.cluster_of(p_message_id bigint) IS 'The number of the cluster that gave this id. Ids that are older than cluster numbers belong to cluster 0.';

CREATE FUNCTION martlet.create_audience(name text, query text, OUT members bigint, OUT rejected bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
declare
    v_id      int;
    v_columns text[];
    v_unknown text;
    v_known   constant text[] := array['line', 'person', 'sms', 'email', 'addresses', 'locale', 'time_zone', 'tier', 'variables'];
begin
    begin
        execute pg_catalog.format('create temporary table martlet_audience_shape on commit drop as select * from (%s) q with no data', pg_catalog.rtrim(query, E'; \n\t'));
    exception when syntax_error or undefined_table or undefined_column or undefined_function or invalid_schema_name then
        raise exception 'field query: %', sqlerrm using errcode = 'MT021', hint = 'Pass one SELECT that you may run yourself, without a semicolon.';
    end;
    select pg_catalog.array_agg(a.attname::text order by a.attnum) into v_columns from pg_catalog.pg_attribute a
        where a.attrelid = 'pg_temp.martlet_audience_shape'::pg_catalog.regclass and a.attnum > 0;
    drop table pg_temp.martlet_audience_shape;
    select c into v_unknown from pg_catalog.unnest(v_columns) c where c <> all (v_known) limit 1;
    if v_unknown is not null then
        raise exception 'field query: it has a column %, which an audience does not know', pg_catalog.quote_literal(v_unknown) using errcode = 'MT021',
            hint = 'Name the columns person, sms, email, addresses (jsonb by channel), locale, time_zone, tier, variables (json); put everything else into variables.';
    elsif not v_columns && array['sms', 'email', 'addresses'] then
        raise exception 'field query: it has no column sms, email or addresses' using errcode = 'MT021', hint = 'Name at least one column with addresses.';
    end if;
    v_id := martlet.begin_audience(name, query);
    execute pg_catalog.format('insert into martlet.audience_rows (audience_id, %s) select %s, %s from (%s) q',
        (select pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ' order by n) from pg_catalog.unnest(v_columns) with ordinality u(c, n)), v_id,
        (select pg_catalog.string_agg('q.' || pg_catalog.quote_ident(c) || case c when 'line' then '::bigint' when 'addresses' then '::jsonb' when 'variables' then '::json' else '::text' end, ', ' order by n)
            from pg_catalog.unnest(v_columns) with ordinality u(c, n)), pg_catalog.rtrim(query, E'; \n\t'));
    select f.members, f.rejected into members, rejected from martlet.finish_audience(v_id) f;
end $$;

ALTER FUNCTION martlet.create_audience(name text, query text, OUT members bigint, OUT rejected bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.create_audience(name text, query text, OUT members bigint, OUT rejected bigint) IS 'A list of people from a query, read with the caller''s rights in one snapshot; takes the place of a list of the same name.';

CREATE FUNCTION martlet.create_job(action text, why text, message_ids bigint[], selection jsonb DEFAULT '{"ids": true}'::jsonb, options jsonb DEFAULT '{}'::jsonb, per_second integer DEFAULT NULL::integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_job bigint;
    v_unknown text;
    v_count int;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    if action is null or action not in ('requeue', 'discard') then
        raise exception 'field action: % is none of requeue, discard', coalesce(quote_literal(action), 'null') using errcode = 'MT019', hint = 'A job requeues or discards dead letters.';
    end if;
    if coalesce(cardinality(message_ids), 0) not between 1 and 1000000 or array_position(message_ids, null) is not null then
        raise exception 'field message_ids: % messages; a job has 1 … 1000000, each with an id', coalesce(cardinality(message_ids), 0) using errcode = 'MT019',
            hint = 'Choose what exists, and fewer at once.';
    end if;
    if per_second not between 1 and 100000 then
        raise exception 'field per_second: % is not between 1 and 100000', per_second using errcode = 'MT019', hint = 'Leave it out for as fast as it goes.';
    end if;
    if jsonb_typeof(options) is distinct from 'object' or jsonb_typeof(selection) is distinct from 'object' or octet_length(selection::text) > 8192 then
        raise exception 'field options: it and selection must be JSON objects' using errcode = 'MT019', hint = 'Leave them out if there are none.';
    end if;
    select string_agg(k, ', ') into v_unknown from jsonb_object_keys(options) k
        where action <> 'requeue' or k not in ('variables', 'merge_variables', 'provider', 'may_duplicate', 'approve_words');
    if v_unknown is not null then
        raise exception 'field options: unknown to %: %', action, v_unknown using errcode = 'MT019', hint = 'requeue knows variables, merge_variables, provider, may_duplicate, approve_words; discard none.';
    end if;
    if exists (select from jsonb_each(options) o where jsonb_typeof(o.value) <> case o.key when 'variables' then 'object' when 'provider' then 'string' else 'boolean' end) then
        raise exception 'field options: variables is a JSON object, provider a text, the others are true or false' using errcode = 'MT019',
            hint = 'Correct it, or leave it out.';
    end if;
    if options ? 'variables' then
        perform martlet_data.check_json('variables', options -> 'variables', 65536);
    end if;
    perform martlet_data.commit_durably();
    insert into martlet_data.jobs (action, why, selection, options, per_second, messages) values (action, why, selection, options, per_second, 0) returning id into v_job;
    insert into martlet_data.job_messages (job_id, message_id, series)
        select v_job, i.id, d.series from (select distinct unnest(message_ids) as id) i left join martlet_data.dead_letters d on d.message_id = i.id;
    get diagnostics v_count = row_count;
    update martlet_data.jobs j set messages = v_count where j.id = v_job;
    insert into martlet_data.audit (action, object, why, detail) values ('create_job', 'job ' || v_job, why, jsonb_build_object('action', action, 'messages', v_count, 'selection', selection,
        'per_second', per_second, 'options', options - 'variables' || jsonb_build_object('edited_variables', options ? 'variables')));
    return v_job;
end $$;

ALTER FUNCTION martlet.create_job(action text, why text, message_ids bigint[], selection jsonb, options jsonb, per_second integer) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.create_job(action text, why text, message_ids bigint[], selection jsonb, options jsonb, per_second integer) IS 'Requeues or discards these dead letters, and no others, in the background: any worker works on it. Answers its number, see martlet.jobs.';

CREATE FUNCTION martlet.created_at(p_message_id bigint) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select to_timestamp(((p_message_id >> 22) + 1735689600000) / 1000.0) $$;

ALTER FUNCTION martlet.created_at(p_message_id bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet.discard(message_id bigint, why text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    perform martlet_data.discard_as(session_user, null, message_id, why);
end $$;

ALTER FUNCTION martlet.discard(message_id bigint, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.drain_provider(provider text, why text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select martlet_data.order_provider(provider, 'draining', null, why) $$;

ALTER FUNCTION martlet.drain_provider(provider text, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.enqueue(class text, channel text, recipient text, template text, variables jsonb DEFAULT '{}'::jsonb, idempotency_key text DEFAULT NULL::text, scheduled_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, recipient_key text DEFAULT NULL::text, locale text DEFAULT NULL::text, time_zone text DEFAULT NULL::text, tier text DEFAULT NULL::text, group_key text DEFAULT NULL::text, sender text DEFAULT NULL::text, headers jsonb DEFAULT NULL::jsonb, traceparent text DEFAULT NULL::text, check_template boolean DEFAULT true) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION martlet.enqueue(class text, channel text, recipient text, template text, variables jsonb, idempotency_key text, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, traceparent text, check_template boolean) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.enqueue(class text, channel text, recipient text, template text, variables jsonb, idempotency_key text, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, traceparent text, check_template boolean) IS 'Puts one message into the queue, in the caller''s transaction; returns its id.';

CREATE FUNCTION martlet.enqueue_many(messages jsonb, check_template boolean DEFAULT true) RETURNS TABLE("position" integer, message_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
            'time_zone', 'tier', 'group_key', 'sender', 'headers', 'traceparent', 'follow_up') group by e.n order by e.n limit 1;
    if found then
        raise exception 'element %: unknown field %', v_bad.n, v_bad.fields using errcode = 'MT011', hint = 'Use the names of enqueue''s arguments and follow_up; template variables go into "variables".';
    end if;
    select martlet.enqueue_rows(array_agg(o ->> 'class' order by n), array_agg(o ->> 'channel' order by n), array_agg(o ->> 'recipient' order by n), array_agg(o ->> 'template' order by n),
            array_agg(martlet_data.written_out('variables', n, o -> 'variables', 65536) order by n), array_agg(o ->> 'idempotency_key' order by n), array_agg(o ->> 'scheduled_at' order by n), array_agg(o ->> 'expires_at' order by n),
            array_agg(o ->> 'recipient_key' order by n), array_agg(o ->> 'locale' order by n), array_agg(o ->> 'time_zone' order by n), array_agg(o ->> 'tier' order by n),
            array_agg(o ->> 'group_key' order by n), array_agg(o ->> 'sender' order by n), array_agg(martlet_data.written_out('headers', n, nullif(o -> 'headers', 'null'), 8192) order by n), array_agg(o ->> 'traceparent' order by n), check_template)
        into v_ids from jsonb_array_elements(messages) with ordinality e(o, n);
    if jsonb_path_exists(messages, '$[*].follow_up ? (@ != null)') then
        perform martlet.follow_up_rows(v_ids, (select array_agg(nullif(o -> 'follow_up', 'null')::text order by n) from jsonb_array_elements(messages) with ordinality e(o, n)), check_template);
    end if;
    return query select i::int, v_ids[i] from generate_series(1, jsonb_array_length(messages)) i;
end $_$;

ALTER FUNCTION martlet.enqueue_many(messages jsonb, check_template boolean) OWNER TO martlet_owner;

CREATE FUNCTION martlet.enqueue_rows(class text[], channel text[], recipient text[], template text[], variables text[] DEFAULT NULL::text[], idempotency_key text[] DEFAULT NULL::text[], scheduled_at text[] DEFAULT NULL::text[], expires_at text[] DEFAULT NULL::text[], recipient_key text[] DEFAULT NULL::text[], locale text[] DEFAULT NULL::text[], time_zone text[] DEFAULT NULL::text[], tier text[] DEFAULT NULL::text[], group_key text[] DEFAULT NULL::text[], sender text[] DEFAULT NULL::text[], headers text[] DEFAULT NULL::text[], traceparent text[] DEFAULT NULL::text[], check_template boolean DEFAULT true) RETURNS bigint[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '64MB'
    AS $$
#variable_conflict use_column
declare
    v_now    timestamptz := clock_timestamp();
    v_cluster bigint := (select c.number::bigint << 16 from martlet_data.cluster c);
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
            select c.name, c.id, c.lane, c.time_to_live, c.schedule_within, v_now + c.time_to_live as end_at, v_slots[c.lane + 1] as slot
            from martlet_data.classes c where c.retired_at is null),
        known_channels as materialized (select c.id, c.name, c.address_kind from martlet_data.channels c where c.retired_at is null),
        usual as materialized (
            -- The clock is read for each row, on both sides of its number, as in take_id: a row that took longer goes through enqueue.
            select i.* from (select u.*, case when clock_timestamp() < u.began + interval '10 ms' then
                    ((date_part('epoch', u.began) * 1000)::bigint - 1735689600000) << 22 | v_cluster | (u.seq & 65535) end as id
                from (select r.*, clock_timestamp() as began, nextval('martlet_data.message_seq') as seq from (
                select g.*, p.id as class_id, p.lane, p.slot, h.id as channel_id, p.schedule_within,
                    -- What jsonb would refuse (a NUL, half a surrogate pair) is written as an escape.
                    case when position('\u' in g.variables) > 0 then g.variables::jsonb::json else coalesce(g.variables, '{}')::json end as body,
                    case when h.address_kind = 'phone' then case when martlet_data.is_e164(g.recipient) then g.recipient end
                        when h.address_kind = 'email' then martlet_data.normalise_address('email', g.recipient, null) end as address,
                    g.scheduled_at::timestamptz as due_at,
                    coalesce(g.expires_at::timestamptz, case when g.scheduled_at is null then p.end_at else greatest(g.scheduled_at::timestamptz, v_now) + p.time_to_live end) as end_at
                from unnest(class, channel, recipient, template, variables, idempotency_key, scheduled_at, expires_at, recipient_key, locale, time_zone,
                        tier, group_key, sender, headers, traceparent)
                    with ordinality g(class, channel, recipient, template, variables, idempotency_key, scheduled_at, expires_at, recipient_key, locale,
                        time_zone, tier, group_key, sender, headers, traceparent, n)
                    join places p on p.name = g.class
                    join known_channels h on h.name = g.channel
                    join martlet_data.enqueue_places t on t.template = g.template and t.class = g.class and t.channel = g.channel
                where g.headers is null
                    -- Any other order of day, month and year is for time_from to judge.
                    and coalesce(left(g.scheduled_at, 4) ~ '^[0-9]{4}', true) and coalesce(left(g.expires_at, 4) ~ '^[0-9]{4}', true)
                    -- As in enqueue: for certain nothing is missing that the template or the class requires.
                    and (check_template is false or (case when g.locale is null and g.sender is null then coalesce(t.default_locale = any (t.locales), true) else g.locale = any (t.locales) end
                            or 'default' = any (t.locales) or split_part(g.locale, '-', 1) = any (t.locales))
                        and (t.required = '{}' or g.variables::jsonb ?& t.required and not martlet_data.may_be_blank(g.variables)))
                    and (g.variables is null or octet_length(g.variables) <= 16384 and (g.variables like '{%' or left(ltrim(g.variables, E' \t\n\r'), 1) = '{')
                        -- Nothing that check_json would have to look at: no exponent, no long number, few brackets. The cheap look of each two comes first.
                        and (g.variables !~ '[0-9][eE][-+0-9]' or g.variables !~ '[:,[\s]-?[0-9.]+[eE]')
                        and (octet_length(g.variables) <= 400 or g.variables !~ '[0-9]{200}')
                        and (g.variables not like '%[%' and g.variables not like '_%{%'
                            or octet_length(g.variables) - octet_length(replace(replace(g.variables, '{', ''), '[', '')) <= 32))
                    and (g.time_zone is null or exists (select from martlet_data.time_zones z where z.name = g.time_zone))
                    and (g.sender is null or exists (select from martlet_data.senders s where s.key = g.sender and s.retired_at is null))
                    and octet_length(concat(g.recipient_key, g.group_key, g.idempotency_key)) <= 256 -- all three together: longer ones are looked at one by one
                    and coalesce(length(g.locale), 0) <= 35 and coalesce(length(g.tier), 0) <= 64 and coalesce(length(g.traceparent), 0) <= 64
                    and concat(g.recipient_key, g.locale, g.tier, g.group_key, g.idempotency_key, g.traceparent) !~ '[[:cntrl:]]'
                    and ('' in (g.recipient_key, g.locale, g.tier, g.group_key, g.idempotency_key, g.traceparent)) is not true
                order by g.n offset 0) r
            where address is not null and end_at > greatest(v_now, due_at) and (expires_at is null or end_at <= greatest(v_now, due_at) + interval '366 days')
                and (due_at is null or due_at between v_now - interval '24 hours' and v_now + schedule_within)) u offset 0) i where i.id is not null),
        keyed as (
            insert into martlet_data.idempotency_keys (producer, key, request_hash, message_id, created_at)
            select session_user, idempotency_key, martlet_data.request_hash(class, channel, recipient, template, body::jsonb, due_at, expires_at::timestamptz,
                    recipient_key, locale, time_zone, tier, group_key, sender, null::jsonb), id, v_now
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
        perform martlet_data.wake_sleeper();
    exception when data_exception then
        null; -- a text that is no JSON or no time; enqueue says which
    end;
    if array_position(v_ids, null) is not null then
        -- In order of their keys, so that two callers with the same keys cannot wait for each other in a circle.
        for v_at in select i.n from unnest(v_ids, idempotency_key) with ordinality i(id, key, n) where i.id is null order by i.key nulls first, i.n loop
            v_ids[v_at] := martlet.enqueue(class[v_at], channel[v_at], recipient[v_at], template[v_at], martlet_data.json_from('variables', coalesce(variables[v_at], '{}')), idempotency_key[v_at],
                martlet_data.time_from('scheduled_at', scheduled_at[v_at]), martlet_data.time_from('expires_at', expires_at[v_at]), recipient_key[v_at],
                locale[v_at], time_zone[v_at], tier[v_at], group_key[v_at], sender[v_at], martlet_data.json_from('headers', headers[v_at]), traceparent[v_at], check_template);
        end loop;
    end if;
    return v_ids;
exception when unique_violation then
    raise exception 'an id was given twice: %', sqlerrm using errcode = '40001', hint = 'The clock of the server was set back. Run the transaction again.';
when others then
    get stacked diagnostics v_state = returned_sqlstate, v_text = message_text, v_hint = pg_exception_hint, v_detail = pg_exception_detail;
    raise exception '%', case when v_at is null then v_text else format('element %s: %s', v_at, v_text) end using errcode = v_state,
        hint = coalesce(nullif(v_hint, ''), 'Correct this element and call again.'), detail = coalesce(nullif(v_detail, ''), 'Nothing of this call was enqueued.');
end $$;

ALTER FUNCTION martlet.enqueue_rows(class text[], channel text[], recipient text[], template text[], variables text[], idempotency_key text[], scheduled_at text[], expires_at text[], recipient_key text[], locale text[], time_zone text[], tier text[], group_key text[], sender text[], headers text[], traceparent text[], check_template boolean) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.enqueue_rows(class text[], channel text[], recipient text[], template text[], variables text[], idempotency_key text[], scheduled_at text[], expires_at text[], recipient_key text[], locale text[], time_zone text[], tier text[], group_key text[], sender text[], headers text[], traceparent text[], check_template boolean) IS 'Puts many messages into the queue by one statement; returns their ids in order.';

CREATE FUNCTION martlet.enter_journey(journey text, recipient_key text, data jsonb DEFAULT '{}'::jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    j martlet_data.journeys;
    v_entered boolean;
begin
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    if data is null or jsonb_typeof(data) <> 'object' or pg_column_size(data) > 8192 then
        raise exception 'field data: must be a JSON object of at most 8 KiB' using errcode = 'MT024', hint = 'Give what the event would bring: what steps and templates need.';
    end if;
    j := martlet_data.known_journey(journey);
    v_entered := martlet_data.enter_journey(j.id, martlet_data.person_key(recipient_key), martlet_data.journey_data(recipient_key, data)::json);
    if v_entered then
        insert into martlet_data.audit (action, object, detail) values ('enter_journey', journey, jsonb_build_object('person', martlet_data.mask(recipient_key)));
    end if;
    return v_entered;
end $$;

ALTER FUNCTION martlet.enter_journey(journey text, recipient_key text, data jsonb) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.enter_journey(journey text, recipient_key text, data jsonb) IS 'Lets a person into a journey by hand. False: re-entry does not allow it.';

CREATE FUNCTION martlet.event(name text, recipient_key text, data jsonb DEFAULT NULL::jsonb, idempotency_key text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_variable
declare
    v_id bigint;
begin
    if name is null or name !~ '^[a-z0-9][a-z0-9_.-]{0,62}$' then
        raise exception 'field name: % is no name of an event', coalesce(quote_literal(name), 'null') using errcode = 'MT024', hint = 'Use lower-case letters, digits, -, _ and dots, such as order.paid.';
    end if;
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    perform martlet_data.check_text('idempotency_key', idempotency_key, 256);
    if data is not null and (jsonb_typeof(data) <> 'object' or pg_column_size(data) > 8192) then
        raise exception 'field data: must be a JSON object of at most 8 KiB' using errcode = 'MT024', hint = 'Keep what steps and templates need, and leave the rest with the service.';
    end if;
    insert into martlet_data.events (name, person, data, idempotency_key) values (name, martlet_data.person_key(recipient_key), data::json, idempotency_key)
        on conflict do nothing returning id into v_id;
    if v_id is null then
        -- It was reported before: what it did is done.
        select e.id into v_id from martlet_data.events e where e.producer = session_user and e.idempotency_key = event.idempotency_key and e.name = event.name and e.person = martlet_data.person_key(recipient_key);
        if not found then
            raise exception 'field idempotency_key: % was used for another event', quote_literal(idempotency_key) using errcode = 'MT008', hint = 'Use a new key for a new event; repeat an event with exactly the same arguments.';
        end if;
        return v_id;
    end if;
    if exists (select from martlet_data.runs r where r.goal = event.name and r.stopped_at is null) then
        perform martlet_data.reach_goal(name, recipient_key);
    end if;
    if exists (select from martlet_data.journey_triggers t where t.event = event.name) then
        perform martlet_data.tell_journeys(v_id, name, recipient_key, data);
    end if;
    return v_id;
end $_$;

ALTER FUNCTION martlet.event(name text, recipient_key text, data jsonb, idempotency_key text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.event(name text, recipient_key text, data jsonb, idempotency_key text) IS 'A fact about a person, reported in the transaction that makes it so. Where a run or a journey has it as its goal it does what martlet.goal does; it lets people into journeys and wakes those who wait for it. Answers its number; the same key again answers the same number.';

CREATE FUNCTION martlet.exit_journey(journey text, recipient_key text, why text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_journey int := (select j.id from martlet_data.journeys j where j.name = journey);
    v_left    boolean;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    if v_journey is null then
        perform martlet_data.known_journey(journey);
    end if;
    v_left := martlet_data.leave_journey(v_journey, null, martlet_data.person_key(recipient_key), 'exited', 'by hand: ' || why);
    if v_left then
        insert into martlet_data.audit (action, object, why, detail) values ('exit_journey', journey, why, jsonb_build_object('person', martlet_data.mask(recipient_key)));
    end if;
    return v_left;
end $$;

ALTER FUNCTION martlet.exit_journey(journey text, recipient_key text, why text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.exit_journey(journey text, recipient_key text, why text) IS 'Takes a person out of a journey by hand. False: they were not in.';

CREATE FUNCTION martlet.finish_audience(audience_id integer, OUT members bigint, OUT rejected bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v martlet_data.audiences;
begin
    select * into v from martlet_data.audiences a where a.id = finish_audience.audience_id and a.owner = session_user for update;
    if not found or v.state <> 'building' then
        raise exception 'field audience_id: list % is not being built by %', audience_id, session_user using errcode = 'MT020', hint = 'Pass the number that begin_audience answered, once.';
    end if;
    perform martlet_data.check_audience(v.id);
    update martlet_data.audiences a set state = 'replaced', changed_at = clock_timestamp() where a.name = v.name and a.state = 'ready';
    update martlet_data.audiences a set state = 'ready', changed_at = clock_timestamp() where a.id = v.id returning a.members, a.rejected into finish_audience.members, finish_audience.rejected;
end $$;

ALTER FUNCTION martlet.finish_audience(audience_id integer, OUT members bigint, OUT rejected bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.finish_audience(audience_id integer, OUT members bigint, OUT rejected bigint) IS 'Checks the list, takes out what cannot be used and doubles (martlet.audience_rejects says which), and puts it in the place of the one before. Runs that have begun keep theirs.';

CREATE FUNCTION martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval DEFAULT NULL::interval, template text DEFAULT NULL::text, class text DEFAULT NULL::text, variables jsonb DEFAULT NULL::jsonb, locale text DEFAULT NULL::text, sender text DEFAULT NULL::text, check_template boolean DEFAULT true) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_variable
declare
    m martlet_data.messages;
    v_after interval := coalesce(after, case when condition = 'undelivered' then interval '72 hours' else interval '1 hour' end);
    v_class text;
    v_kind text;
    v_address text;
    v_country text;
    v_erases boolean;
    v_hash bytea;
    v_seen bytea;
begin
    if condition is null or condition not in ('undelivered', 'not_delivered', 'not_opened', 'not_clicked') then
        raise exception 'field condition: % is none of undelivered, not_delivered, not_opened, not_clicked', coalesce(quote_literal(condition), 'null') using errcode = 'MT015',
            hint = 'undelivered: as soon as it has failed; the others also when nothing of the kind is heard within "after" of its acceptance.';
    elsif v_after < interval '1 second' or v_after > interval '14 days' then
        raise exception 'field after: % is not between 1 second and 14 days', v_after using errcode = 'MT015', hint = 'It counts from when the provider accepts the message.';
    end if;
    select * into m from martlet_data.messages n where n.id = follow_up.message_id and (n.producer = session_user or martlet_data.is_admin());
    if not found then
        raise exception 'message % does not exist, or another producer enqueued it', message_id using errcode = 'MT012', hint = 'Pass the id that enqueue returned, with the role that enqueued it.';
    end if;
    if variables is not null then
        perform martlet_data.check_json('variables', variables, 65536);
    end if;
    -- By value, as in request_hash: the text of an interval depends on the session's IntervalStyle.
    v_hash := '\x01'::bytea || sha256(convert_to(jsonb_build_array(condition, extract(epoch from v_after), channel, recipient, template, class,
        martlet_data.canonical(variables), locale, sender)::text, 'UTF8'));
    -- What was taken is taken, also when its class, template or sender has left the policy since.
    if exists (select from martlet_data.follow_ups f where f.message_id = m.id and f.request_hash = v_hash) then
        return message_id;
    end if;
    select c.name, c.erases_body into v_class, v_erases from martlet_data.classes c where c.id = m.class_id;
    select p.address_kind into v_kind from martlet_data.enqueue_places p
        where p.template = coalesce(follow_up.template, m.template) and p.class = coalesce(follow_up.class, v_class) and p.channel = follow_up.channel;
    if not found then
        perform martlet_data.refuse_unknown(coalesce(class, v_class), channel, coalesce(template, m.template));
    end if;
    if sender is not null and not exists (select from martlet_data.senders s where s.key = follow_up.sender and s.retired_at is null) then
        raise exception 'field sender: unknown sender %', quote_literal(sender) using errcode = 'MT009', hint = (select martlet_data.did_you_mean(sender, array_agg(s.key)) from martlet_data.senders s where s.retired_at is null)
                || 'Use a key of Config/policy/senders.yaml that has been applied, or leave it out for the message''s.';
    end if;
    v_country := (select s.default_country from martlet_data.senders s where s.retired_at is null and case when coalesce(sender, m.sender) is null then s.is_default else s.key = coalesce(sender, m.sender) end);
    v_address := martlet_data.normalise_address(v_kind, recipient, v_country);
    if v_address is null then
        perform martlet_data.refuse_address(v_kind, recipient, v_country);
    end if;
    if locale is not null then
        perform martlet_data.check_text('locale', locale, 35);
    end if;
    if check_template is not false then
        perform martlet_data.check_template(coalesce(class, v_class), channel, coalesce(template, m.template), coalesce(variables, m.variables::jsonb), coalesce(locale, m.locale),
            coalesce(sender, m.sender));
    end if;
    perform martlet_data.commit_durably();
    insert into martlet_data.follow_ups (message_id, condition, after, due_at, class, channel, address, template, locale, sender, variables, request_hash)
        select m.id, condition, v_after, clock_timestamp() + case when exists (select from martlet_data.receipts r where r.message_id = m.id) then interval '0' else v_after end,
            coalesce(class, v_class), channel, v_address, coalesce(template, m.template), locale, sender,
            -- A class that erases its bodies has none left by then.
            case when variables is not null then variables::json when v_erases then m.variables end, v_hash
        on conflict on constraint follow_ups_pkey do nothing;
    if not found then
        select f.request_hash into v_seen from martlet_data.follow_ups f where f.message_id = m.id;
        -- One of 32 bytes is over text (before 0016): then what is stored is compared. The variables are gone once it is decided.
        if v_seen is distinct from v_hash and not (length(v_seen) = 32 and exists (select from martlet_data.follow_ups f
                where f.message_id = m.id and f.condition = follow_up.condition and f.after = v_after and f.channel = follow_up.channel and f.address = v_address
                    and f.template = coalesce(follow_up.template, m.template) and f.class = coalesce(follow_up.class, v_class)
                    and (f.locale, f.sender) is not distinct from (follow_up.locale, follow_up.sender)
                    and (f.state <> 'open' or follow_up.variables is null or f.variables::jsonb = follow_up.variables))) then
            raise exception 'message % has another follow-up already', message_id using errcode = 'MT015', hint = 'A message has one at most; repeat a request with exactly the same arguments.';
        end if;
    end if;
    return message_id;
end $$;

ALTER FUNCTION martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval, template text, class text, variables jsonb, locale text, sender text, check_template boolean) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval, template text, class text, variables jsonb, locale text, sender text, check_template boolean) IS 'One further message if this one fails or is not heard of in time: martlet.follow_up(martlet.enqueue(…), ''not_opened'', ''sms'', ''+86…''). Answers the message''s id.';

CREATE FUNCTION martlet.follow_up_rows(message_ids bigint[], follow_ups text[], check_template boolean DEFAULT true) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_one jsonb;
    v_unknown text;
    v_count int := 0;
    v_state text;
    v_text text;
    v_hint text;
    v_at int;
begin
    if cardinality(message_ids) is distinct from cardinality(follow_ups) then
        raise exception 'the arrays differ in length' using errcode = 'MT011', hint = 'Give one follow-up, or null, for each message.';
    end if;
    for v_at in 1 .. cardinality(message_ids) loop
        continue when follow_ups[v_at] is null;
        begin
            v_one := martlet_data.json_from('follow_up', follow_ups[v_at]);
            if jsonb_typeof(v_one) <> 'object' then
                raise exception 'field follow_up: must be a JSON object, not %', jsonb_typeof(v_one) using errcode = 'MT015', hint = 'Such as {"condition": "not_opened", "channel": "sms", "recipient": "+8613800138000"}.';
            end if;
            select string_agg(k, ', ') into v_unknown from jsonb_object_keys(v_one) k
                where k not in ('condition', 'after', 'channel', 'recipient', 'template', 'class', 'variables', 'locale', 'sender');
            if v_unknown is not null then
                raise exception 'field follow_up: unknown field %', v_unknown using errcode = 'MT015', hint = 'Known: condition, after, channel, recipient, template, class, variables, locale, sender.';
            end if;
            perform martlet.follow_up(message_ids[v_at], v_one ->> 'condition', v_one ->> 'channel', v_one ->> 'recipient', (v_one ->> 'after')::interval, v_one ->> 'template',
                v_one ->> 'class', nullif(v_one -> 'variables', 'null'), v_one ->> 'locale', v_one ->> 'sender', check_template);
        exception when others then
            get stacked diagnostics v_state = returned_sqlstate, v_text = message_text, v_hint = pg_exception_hint;
            raise exception 'element %: field follow_up: %', v_at, regexp_replace(v_text, '^field follow_up: ', '') using errcode = v_state, hint = coalesce(nullif(v_hint, ''), 'Correct this element and call again.');
        end;
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;

ALTER FUNCTION martlet.follow_up_rows(message_ids bigint[], follow_ups text[], check_template boolean) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.follow_up_rows(message_ids bigint[], follow_ups text[], check_template boolean) IS 'follow_up for many messages, each as a JSON object; answers how many there are now.';

CREATE FUNCTION martlet.goal(name text, recipient_key text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 64);
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    return martlet_data.reach_goal(name, recipient_key) + martlet_data.reach_journey_goal(name, recipient_key);
end $$;

ALTER FUNCTION martlet.goal(name text, recipient_key text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.goal(name text, recipient_key text) IS 'The person has done what the messages were for: from the commit on no message of a run or journey with this goal is admitted for them. Answers in how many that ended something.';

CREATE FUNCTION martlet.import_advance(name text, from_line bigint, to_line bigint, enqueued bigint, finished boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    update martlet_data.imports i set lines_done = to_line, enqueued = i.enqueued + import_advance.enqueued, advanced_at = clock_timestamp(),
            finished_at = case when finished then clock_timestamp() end
        where i.producer = session_user and i.name = import_advance.name and i.lines_done = from_line and to_line >= from_line;
    if not found then
        raise exception 'import %: another run has moved past line %', quote_literal(name), from_line using errcode = 'MT014', hint = 'Run it once at a time; start again and it continues where the other stopped.';
    end if;
end $$;

ALTER FUNCTION martlet.import_advance(name text, from_line bigint, to_line bigint, enqueued bigint, finished boolean) OWNER TO martlet_owner;

CREATE FUNCTION martlet.import_audience(import text, digest text, arguments jsonb, audience text, OUT lines_done bigint, OUT audience_id integer, OUT is_finished boolean, OUT members bigint, OUT rejected bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v martlet_data.audiences;
begin
    lines_done := martlet.import_begin(import, digest, arguments);
    perform from martlet_data.imports i where i.producer = session_user and i.name = import for update;
    select a.* into v from martlet_data.imports i join martlet_data.audiences a on a.id = i.audience_id where i.producer = session_user and i.name = import;
    if v.name <> audience then
        raise exception 'import %: it fills the audience %, not %', quote_literal(import), quote_literal(v.name), quote_literal(audience) using errcode = 'MT014', hint = 'Use another name for this import.';
    end if;
    is_finished := coalesce(v.state = 'ready', false);
    if v.state = 'building' and to_regclass(martlet_data.members_table('audience', v.id)) is not null then
        -- A list that was not filled for a day is dropped.
        update martlet_data.audiences a set changed_at = clock_timestamp() where a.id = v.id;
    elsif not is_finished then
        v.id := martlet.begin_audience(audience);
        lines_done := 0;
        update martlet_data.imports i set audience_id = v.id, lines_done = 0, enqueued = 0, finished_at = null, arguments = import_audience.arguments
            where i.producer = session_user and i.name = import;
    end if;
    audience_id := v.id;
    members := v.members;
    rejected := v.rejected;
end $$;

ALTER FUNCTION martlet.import_audience(import text, digest text, arguments jsonb, audience text, OUT lines_done bigint, OUT audience_id integer, OUT is_finished boolean, OUT members bigint, OUT rejected bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.import_audience(import text, digest text, arguments jsonb, audience text, OUT lines_done bigint, OUT audience_id integer, OUT is_finished boolean, OUT members bigint, OUT rejected bigint) IS 'Begins an import of people, or answers how far it is: insert into martlet.audience_rows and call martlet.import_advance in one transaction; at the end martlet.finish_audience.';

CREATE FUNCTION martlet.import_begin(name text, digest text, arguments jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v martlet_data.imports;
    v_other text;
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 512);
    if arguments is not null then
        perform martlet_data.check_json('arguments', arguments, 8192);
    end if;
    insert into martlet_data.imports (producer, name, digest, arguments) values (session_user, name, digest, arguments) on conflict do nothing;
    select * into v from martlet_data.imports i where i.producer = session_user and i.name = import_begin.name;
    if v.digest is distinct from digest then
        raise exception 'import %: its beginning differs from the file that was imported under this name on %', quote_literal(name), v.started_at using errcode = 'MT014',
            hint = 'Choose another name for another file.';
    elsif v.lines_done > 0 and v.arguments <> arguments then
        select string_agg(format('%s %s instead of %s', k, coalesce(quote_literal(arguments ->> k), 'none'), coalesce(quote_literal(v.arguments ->> k), 'none')), ', ' order by k) into v_other
            from (select jsonb_object_keys(v.arguments || arguments) as k) n where v.arguments -> k is distinct from arguments -> k;
        raise exception 'import %: % lines of it are in, and this run has %', quote_literal(name), v.lines_done, v_other using errcode = 'MT014',
            hint = 'Use the same values to go on, or another name to import the whole file once more.';
    end if;
    return v.lines_done;
end $$;

ALTER FUNCTION martlet.import_begin(name text, digest text, arguments jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet.load_codes(pool text, codes text[], valid_until timestamp with time zone DEFAULT NULL::timestamp with time zone, OUT loaded bigint, OUT doubles bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_variable
declare
    v_bad text;
begin
    if pool is null or pool !~ '^[a-z0-9][a-z0-9_-]{0,62}$' then
        raise exception 'field pool: % is no name of a pool', coalesce(quote_literal(pool), 'null') using errcode = 'MT023', hint = 'Use lower-case letters, digits, - and _, a letter or digit first, at most 63 characters.';
    elsif valid_until <= clock_timestamp() then
        raise exception 'field valid_until: % is past', valid_until using errcode = 'MT023', hint = 'Leave it out for codes that do not expire.';
    end if;
    select format('code %s is %s', n, case when c is null then 'null' else 'empty, too long or has control characters or white space' end) into v_bad
        from unnest(codes) with ordinality u(c, n) where c is null or length(c) not between 1 and 64 or c ~ '[[:cntrl:][:space:]]' order by n limit 1;
    if v_bad is not null then
        raise exception 'field codes: %', v_bad using errcode = 'MT023', hint = 'A code has 1 to 64 characters without spaces. Nothing of this call was loaded.';
    end if;
    insert into martlet_data.code_pools (name) values (pool) on conflict do nothing;
    insert into martlet_data.codes (pool, code, valid_until) select pool, c, valid_until from (select c, min(n) as n from unnest(codes) with ordinality u(c, n) group by c) u order by n on conflict do nothing;
    get diagnostics loaded = row_count;
    doubles := coalesce(cardinality(codes), 0) - loaded;
    -- A run that stood still because the pool was dry goes on. No other pause is lifted by this.
    if loaded > 0 then
        update martlet_data.run_pauses p set lifted_at = clock_timestamp(), lifted_by = session_user from martlet_data.runs r
            where r.id = p.run_id and r.pool = load_codes.pool and p.reason = 'pool_dry' and p.lifted_at is null;
    end if;
end $_$;

ALTER FUNCTION martlet.load_codes(pool text, codes text[], valid_until timestamp with time zone, OUT loaded bigint, OUT doubles bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.load_codes(pool text, codes text[], valid_until timestamp with time zone, OUT loaded bigint, OUT doubles bigint) IS 'Puts codes into a pool, which it makes; answers how many are new and how many were there already. A run that waits for codes goes on.';

CREATE FUNCTION martlet.missing_receipts_since(since interval) RETURNS TABLE(provider text, receipt_within interval, accepted bigint, missing bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_nestloop TO 'off'
    SET work_mem TO '64MB'
    SET enable_hashagg TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
    with bounds as materialized (
        select p.provider, p.receipt_within, clock_timestamp() - p.receipt_within as time_up,
            martlet_data.first_id(clock_timestamp() - p.receipt_within - least(greatest(since, interval '1 second'), interval '1 day')) as first,
            martlet_data.first_id(clock_timestamp() - p.receipt_within) as last
        from martlet_data.receipt_promises p),
    hand_overs as (
        select r.provider, r.message_id, min(r.at) filter (where r.kind = 'accepted') as accepted_at, bool_or(r.kind in ('delivered', 'undelivered')) as told
        from martlet_data.receipts r
        where r.message_id >= (select min(b.first) from bounds b) and r.message_id < (select max(b.last) from bounds b)
            and r.kind in ('accepted', 'delivered', 'undelivered') and r.provider is not null and r.attempt is not null
        group by r.message_id, r.attempt, r.provider)
    select b.provider, b.receipt_within, count(h.message_id), count(h.message_id) filter (where not h.told)
    from bounds b left join hand_overs h on h.provider = b.provider and h.message_id >= b.first and h.message_id < b.last and h.accepted_at < b.time_up
    group by b.provider, b.receipt_within order by b.provider $$;

ALTER FUNCTION martlet.missing_receipts_since(since interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet.move_provider(provider text, target text, why text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select martlet_data.order_provider(provider, 'moved', target, why) $$;

ALTER FUNCTION martlet.move_provider(provider text, target text, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.pause_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT people bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    j martlet_data.journeys;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    j := martlet_data.known_journey(journey);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[hashtext('journey:' || j.id)]);
    paused_at := coalesce(j.paused_at, clock_timestamp());
    update martlet_data.journeys o set paused_at = pause_journey.paused_at, paused_by = coalesce(o.paused_by, session_user), pause_reason = coalesce(o.pause_reason, why) where o.id = j.id;
    select count(*) into people from martlet_data.journey_people p where p.journey_id = j.id and p.due_at is not null;
    insert into martlet_data.audit (action, object, why) values ('pause_journey', journey, why);
end $$;

ALTER FUNCTION martlet.pause_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT people bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.pause_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT people bigint) IS 'After paused_at no step of the journey is taken and no message of it is admitted. people: those who are in it.';

CREATE FUNCTION martlet.pause_lane(lane integer, why text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION martlet.pause_lane(lane integer, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.pause_provider(provider text, why text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select martlet_data.order_provider(provider, 'paused', null, why) $$;

ALTER FUNCTION martlet.pause_provider(provider text, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.pause_run(run_id integer, why text, OUT paused_at timestamp with time zone, OUT in_flight bigint, OUT messages bigint[]) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_group text := 'run:' || run_id;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.known_run(run_id);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[hashtext(v_group)]);
    -- From here to the commit messages of the run wait; after it they see the pause.
    paused_at := clock_timestamp();
    insert into martlet_data.run_pauses (run_id, reason, why, paused_at) values (run_id, 'operator', why, paused_at) on conflict do nothing;
    select count(*), array_agg(l.message_id order by l.message_id) filter (where l.k <= 1000) into in_flight, messages from (
        select l.message_id, row_number() over (order by l.message_id) as k from martlet_data.leased l join martlet_data.messages m on m.id = l.message_id
        where m.group_key = v_group and exists (select from martlet_data.attempts a where a.message_id = l.message_id and a.attempt = l.attempt + 1 offset 0)) l;
    insert into martlet_data.audit (action, object, why, detail) values ('pause_run', run_id::text, why, jsonb_build_object('in_flight', in_flight));
end $$;

ALTER FUNCTION martlet.pause_run(run_id integer, why text, OUT paused_at timestamp with time zone, OUT in_flight bigint, OUT messages bigint[]) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.pause_run(run_id integer, why text, OUT paused_at timestamp with time zone, OUT in_flight bigint, OUT messages bigint[]) IS 'After paused_at no message of the run is admitted. in_flight: handed over or about to be when it took hold (the first 1000 of them in messages).';

CREATE FUNCTION martlet.provider_slo_since(since interval) RETURNS TABLE(provider text, accepted bigint, delivered bigint, undelivered bigint, delivered_share numeric, reported_share numeric)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_nestloop TO 'off'
    SET work_mem TO '64MB'
    SET enable_hashagg TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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

ALTER FUNCTION martlet.provider_slo_since(since interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet.provider_usage(since timestamp with time zone, enqueued_since timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS TABLE(provider text, currency text, sent bigint, accepted bigint, delivered bigint, undelivered bigint, refused bigint, in_doubt bigint, segments bigint, cost_micros numeric, in_doubt_micros numeric, unpriced bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET work_mem TO '64MB'
    AS $$
    with handed as materialized (
        select a.message_id, a.attempt, a.provider, a.segments, a.cost_micros, a.currency from martlet_data.attempts a
        where a.message_id >= martlet_data.first_id(coalesce(enqueued_since, since - interval '8 days')) and a.admitted_at >= since),
    said as materialized (
        select r.message_id, r.attempt, bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as accepted, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind in ('deferred', 'rejected')) as refused
        from martlet_data.receipts r
        where r.message_id >= martlet_data.first_id(coalesce(enqueued_since, since - interval '8 days')) and r.at >= since and r.attempt is not null
        group by r.message_id, r.attempt),
    judged as (
        select h.provider, h.currency, h.segments, h.cost_micros, coalesce(s.accepted, false) as accepted, coalesce(s.delivered, false) as delivered,
            coalesce(s.undelivered and not s.delivered, false) as undelivered, coalesce(s.refused and not s.accepted, false) as refused
        from handed h left join said s on s.message_id = h.message_id and s.attempt = h.attempt)
    select j.provider, j.currency, count(*), count(*) filter (where j.accepted), count(*) filter (where j.delivered), count(*) filter (where j.undelivered),
        count(*) filter (where j.refused), count(*) filter (where not j.accepted and not j.refused), coalesce(sum(j.segments) filter (where j.accepted), 0),
        coalesce(sum(j.cost_micros) filter (where j.accepted), 0), coalesce(sum(j.cost_micros) filter (where not j.accepted and not j.refused), 0),
        count(*) filter (where j.accepted and j.cost_micros is null)
    from judged j group by j.provider, j.currency order by j.provider, j.currency $$;

ALTER FUNCTION martlet.provider_usage(since timestamp with time zone, enqueued_since timestamp with time zone) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.provider_usage(since timestamp with time zone, enqueued_since timestamp with time zone) IS 'Hand-overs admitted since then, of messages enqueued at most 8 days before that (or since enqueued_since), by provider and currency.';

CREATE FUNCTION martlet.record_consent(recipient_key text, channel text, purpose text, status text, method text, wording text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_id bigint;
begin
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    perform martlet_data.check_text('method', coalesce(method, ''), 256);
    if not exists (select from martlet_data.channels c where c.name = record_consent.channel and c.retired_at is null) then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(channel), 'null') using errcode = 'MT002', hint = (select martlet_data.did_you_mean(channel, array_agg(c.name)) || 'Known channels: ' || string_agg(c.name, ', ' order by c.name) || '.' from martlet_data.channels c
                where c.retired_at is null);
    end if;
    if not exists (select from martlet_data.classes c where c.name = purpose) then
        raise exception 'field purpose: unknown class %', coalesce(quote_literal(purpose), 'null') using errcode = 'MT001', hint = (select martlet_data.did_you_mean(purpose, array_agg(c.name)) from martlet_data.classes c)
                || 'Consent is given for a class of messages, such as marketing.';
    end if;
    if status is null or status not in ('granted', 'pending', 'withdrawn') then
        raise exception 'field status: % is none of granted, pending, withdrawn', coalesce(quote_literal(status), 'null') using errcode = 'MT010', hint = 'pending: until the recipient has confirmed (double opt-in).';
    end if;
    if length(wording) > 4000 then
        raise exception 'field wording: longer than 4000 characters' using errcode = 'MT010', hint = 'Store the exact sentence that was shown, or its version number.';
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[martlet_data.opt_out_place(1400000000, record_consent.channel, purpose)], array[pg_catalog.hashtext(martlet_data.person_key(recipient_key))]);
    insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording) values (recipient_key, channel, purpose, status, method, wording) returning id into v_id;
    return v_id;
end $$;

ALTER FUNCTION martlet.record_consent(recipient_key text, channel text, purpose text, status text, method text, wording text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.reject_rows(audience_id integer, lines bigint[], fields text[], problems text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    if not exists (select from martlet_data.audiences a where a.id = audience_id and a.state = 'building' and a.owner = session_user) then
        raise exception 'field audience_id: list % is not being built by %', audience_id, session_user using errcode = 'MT020', hint = 'Pass the number that begin_audience answered, before finish_audience.';
    elsif exists (select from unnest(lines, fields, problems) u(line, field, problem) where u.line is null or u.line < 1 or u.field is null or length(u.field) > 256 or u.problem is null or length(u.problem) > 1000) then
        raise exception 'field lines: each line needs a number from 1, a field and a problem' using errcode = 'MT021', hint = 'Pass three arrays of the same length; a field has at most 256 characters, a problem 1000.';
    end if;
    -- Rows that the server rejects have positions from 1.
    insert into martlet_data.audience_rejects (audience_id, n, line, field, problem)
        select audience_id, -u.line, u.line, u.field, u.problem from unnest(lines, fields, problems) u(line, field, problem) on conflict do nothing;
end $$;

ALTER FUNCTION martlet.reject_rows(audience_id integer, lines bigint[], fields text[], problems text[]) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.reject_rows(audience_id integer, lines bigint[], fields text[], problems text[]) IS 'Tells lines of a file that could not be read as people; they are in martlet.audience_rejects with those that finish_audience takes out.';

CREATE FUNCTION martlet.remove_audience(name text, why text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_members bigint;
begin
    update martlet_data.audiences a set state = 'replaced', changed_at = clock_timestamp() where a.name = remove_audience.name and a.state = 'ready' returning a.members into v_members;
    if not found then
        raise exception 'field name: there is no audience %', coalesce(quote_literal(name), 'null') using errcode = 'MT020', hint = 'Check the name in martlet.audiences.';
    end if;
    insert into martlet_data.audit (action, object, why) values ('remove_audience', name, why);
    return v_members;
end $$;

ALTER FUNCTION martlet.remove_audience(name text, why text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.remove_audience(name text, why text) IS 'Removes a list; runs that have begun keep their people. Answers how many it had.';

CREATE FUNCTION martlet.report(since timestamp with time zone, group_key text DEFAULT NULL::text, class text DEFAULT NULL::text) RETURNS TABLE(class_name text, provider text, currency text, messages bigint, accepted bigint, delivered bigint, undelivered bigint, waiting bigint, suppressed bigint, capped bigint, expired bigint, cancelled bigint, dead bigint, clicked bigint, opened bigint, segments bigint, cost_micros numeric, waiting_micros numeric, unpriced bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with known as (select k.id from martlet_data.classes k where k.name = report.class)
    select k.name, nullif(p.provider, ''), nullif(p.currency, ''), sum(p.messages)::bigint, sum(p.accepted)::bigint, sum(p.delivered)::bigint, sum(p.undelivered)::bigint,
        sum(p.waiting)::bigint, sum(p.suppressed)::bigint, sum(p.capped)::bigint, sum(p.expired)::bigint, sum(p.cancelled)::bigint, sum(p.dead)::bigint, sum(p.clicked)::bigint,
        sum(p.opened)::bigint, sum(p.segments)::bigint, sum(p.cost_micros), sum(p.waiting_micros), sum(p.unpriced)::bigint
    from martlet_data.report_parts(report.since, report.group_key, case when report.class is not null then coalesce((select id from known), -1::smallint) end) p
    join martlet_data.classes k on k.id = p.class_id group by k.lane, k.name, p.provider, p.currency having sum(p.messages) > 0 order by k.lane, k.name, 2 nulls first, 3 $$;

ALTER FUNCTION martlet.report(since timestamp with time zone, group_key text, class text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.report(since timestamp with time zone, group_key text, class text) IS 'What became of the messages enqueued since then, and what they cost: fast, because workers keep counts of five minutes each.';

CREATE FUNCTION martlet.report_costs(since timestamp with time zone, group_key text DEFAULT NULL::text, class text DEFAULT NULL::text) RETURNS TABLE(class_name text, provider text, currency text, accepted bigint, delivered bigint, undelivered bigint, in_doubt bigint, segments bigint, cost_micros numeric, in_doubt_micros numeric, unpriced bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET work_mem TO '64MB'
    AS $$
    with chosen as materialized (
        select m.id, m.class_id from martlet_data.messages m
        where m.id >= martlet_data.first_id(report_costs.since) and (report_costs.group_key is null or m.group_key = report_costs.group_key)
            and (report_costs.class is null or m.class_id = (select c.id from martlet_data.classes c where c.name = report_costs.class))),
    said as materialized (
        select r.message_id, r.attempt, bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as accepted, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind in ('deferred', 'rejected')) as refused
        from martlet_data.receipts r where r.message_id >= martlet_data.first_id(report_costs.since) and r.attempt is not null group by r.message_id, r.attempt),
    judged as (
        select c.class_id, a.provider, a.currency, a.segments, a.cost_micros, coalesce(s.accepted, false) as accepted, coalesce(s.delivered, false) as delivered,
            coalesce(s.undelivered and not s.delivered, false) as undelivered, coalesce(s.refused and not s.accepted, false) as refused
        from chosen c join martlet_data.attempts a on a.message_id = c.id left join said s on s.message_id = a.message_id and s.attempt = a.attempt
        where a.message_id >= martlet_data.first_id(report_costs.since))
    select k.name, j.provider, j.currency, count(*) filter (where j.accepted), count(*) filter (where j.delivered), count(*) filter (where j.undelivered),
        count(*) filter (where not j.accepted and not j.refused), coalesce(sum(j.segments) filter (where j.accepted), 0),
        coalesce(sum(j.cost_micros) filter (where j.accepted), 0), coalesce(sum(j.cost_micros) filter (where not j.accepted and not j.refused), 0),
        count(*) filter (where j.accepted and j.cost_micros is null)
    from judged j join martlet_data.classes k on k.id = j.class_id group by k.lane, k.name, j.provider, j.currency order by k.lane, k.name, j.provider, j.currency $$;

ALTER FUNCTION martlet.report_costs(since timestamp with time zone, group_key text, class text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.report_messages(since timestamp with time zone, group_key text DEFAULT NULL::text, class text DEFAULT NULL::text, opt_out_within interval DEFAULT '7 days'::interval) RETURNS TABLE(class_name text, messages bigint, accepted bigint, delivered bigint, undelivered bigint, waiting bigint, suppressed bigint, capped bigint, expired bigint, cancelled bigint, dead bigint, opted_out bigint, clicked bigint, opened bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET work_mem TO '64MB'
    AS $$
    with chosen as materialized (
        select m.id, m.class_id, m.address, h.name as channel from martlet_data.messages m join martlet_data.channels h on h.id = m.channel_id
        where m.id >= martlet_data.first_id(report_messages.since) and (report_messages.group_key is null or m.group_key = report_messages.group_key)
            and (report_messages.class is null or m.class_id = (select c.id from martlet_data.classes c where c.name = report_messages.class))),
    ends as materialized (
        select r.message_id, min(r.at) filter (where r.kind in ('accepted', 'delivered', 'undelivered')) as accepted_at, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind = 'suppressed') as suppressed, bool_or(r.kind = 'capped') as capped,
            bool_or(r.kind = 'expired') as expired, bool_or(r.kind in ('cancelled', 'discarded')) as cancelled,
            bool_or(r.kind = 'clicked') as clicked, bool_or(r.kind = 'opened') as opened
        from martlet_data.receipts r where r.message_id >= martlet_data.first_id(report_messages.since) group by r.message_id),
    dead as materialized (select d.message_id from martlet_data.dead_letters d where d.message_id >= martlet_data.first_id(report_messages.since)),
    -- One person opts out of what came last: each address counts once in a class.
    outs as (
        select o.class_id, count(distinct (o.channel, o.key)) as people
        from (select c.class_id, c.channel, martlet_data.address_key(c.address) as key, e.accepted_at from chosen c join ends e on e.message_id = c.id where e.accepted_at is not null) o
        join martlet_data.suppressions s on s.address_key = o.key and s.channel = o.channel
        where s.reason in ('opt_out', 'opt_out_text', 'opt_out_link', 'complaint') and s.created_at >= o.accepted_at and s.created_at < o.accepted_at + report_messages.opt_out_within
        group by o.class_id),
    counted as (
        select c.class_id, count(*) as messages, count(*) filter (where e.accepted_at is not null) as accepted, count(*) filter (where e.delivered) as delivered,
            count(*) filter (where e.undelivered and not e.delivered) as undelivered,
            count(*) filter (where e.accepted_at is null and d.message_id is null
                and (e.message_id is null or not (e.suppressed or e.capped or e.expired or e.cancelled))) as waiting,
            count(*) filter (where e.accepted_at is null and e.suppressed) as suppressed, count(*) filter (where e.accepted_at is null and e.capped) as capped,
            count(*) filter (where e.accepted_at is null and e.expired) as expired, count(*) filter (where e.accepted_at is null and e.cancelled) as cancelled,
            count(d.message_id) as dead, count(*) filter (where e.clicked) as clicked, count(*) filter (where e.opened) as opened
        from chosen c left join ends e on e.message_id = c.id left join dead d on d.message_id = c.id group by c.class_id)
    select k.name, n.messages, n.accepted, n.delivered, n.undelivered, n.waiting, n.suppressed, n.capped, n.expired, n.cancelled, n.dead, coalesce(o.people, 0), n.clicked, n.opened
    from counted n join martlet_data.classes k on k.id = n.class_id left join outs o on o.class_id = n.class_id order by k.lane, k.name $$;

ALTER FUNCTION martlet.report_messages(since timestamp with time zone, group_key text, class text, opt_out_within interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet.report_opt_outs(since timestamp with time zone, group_key text DEFAULT NULL::text, class text DEFAULT NULL::text, opt_out_within interval DEFAULT '7 days'::interval) RETURNS TABLE(class_name text, people bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'on'
    AS $_$
#variable_conflict use_column
declare
    v_keys text[] := array(select distinct s.address_key from martlet_data.suppressions s
        where s.reason in ('opt_out', 'opt_out_text', 'opt_out_link', 'complaint') and s.created_at >= report_opt_outs.since);
    v_class smallint := (select c.id from martlet_data.classes c where c.name = report_opt_outs.class);
    v_ids bigint[];
begin
    if v_keys = '{}' then
        return;
    end if;
    -- A statement that is planned with the keys in it looks them up in a hash table.
    execute $q$
        select array_agg(m.id) from martlet_data.messages m
        where m.id >= $1 and ($2::text is null or m.group_key = $2) and ($3::text is null or m.class_id = $4) and martlet_data.address_key(m.address) = any ($5) $q$
        into v_ids using martlet_data.first_id(report_opt_outs.since), report_opt_outs.group_key, report_opt_outs.class, v_class, v_keys;
    return query select k.name, count(distinct (h.name, s.address_key)) from unnest(v_ids) i(id)
        cross join lateral (select m.class_id, m.channel_id, m.address from martlet_data.messages m where m.id = i.id offset 0) m
        cross join lateral (select min(r.at) as at from martlet_data.receipts r where r.message_id = i.id and r.kind in ('accepted', 'delivered', 'undelivered')) a
        join martlet_data.channels h on h.id = m.channel_id join martlet_data.classes k on k.id = m.class_id
        join martlet_data.suppressions s on s.address_key = martlet_data.address_key(m.address) and s.channel = h.name
        where s.reason in ('opt_out', 'opt_out_text', 'opt_out_link', 'complaint') and s.created_at >= a.at and s.created_at < a.at + report_opt_outs.opt_out_within
        group by k.lane, k.name order by k.lane, k.name;
end $_$;

ALTER FUNCTION martlet.report_opt_outs(since timestamp with time zone, group_key text, class text, opt_out_within interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet.requeue(message_id bigint, why text, variables jsonb DEFAULT NULL::jsonb, provider text DEFAULT NULL::text, may_duplicate boolean DEFAULT false, approve_words boolean DEFAULT false) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    return martlet_data.requeue_as(session_user, null, message_id, why, variables, provider, may_duplicate, approve_words);
end $$;

ALTER FUNCTION martlet.requeue(message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean, approve_words boolean) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.requeue(message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean, approve_words boolean) IS 'Starts a new series of attempts with a new time to live; returns when it expires.';

CREATE FUNCTION martlet.resume_job(job_id bigint, why text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    j martlet_data.jobs;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    select * into j from martlet_data.jobs k where k.id = job_id for update;
    if not found then
        raise exception 'there is no job %', job_id using errcode = 'MT012', hint = 'List them with "martlet jobs list".';
    end if;
    if j.state = 'running' then
        return 'already_running';
    end if;
    if j.state = 'finished' then
        raise exception 'job % has finished: each of its messages has a result', job_id using errcode = 'MT019', hint = 'Begin another one for what is left.';
    end if;
    if j.options ? 'edited_variables' then
        raise exception 'job % had variables of its own, which were erased when it was stopped', job_id using errcode = 'MT019',
            hint = 'Begin another one with the variables; "martlet jobs show" lists the messages that are left.';
    end if;
    perform martlet_data.commit_durably();
    update martlet_data.jobs k set state = 'running', ended_at = null, stopped_by = null, stop_why = null, next_at = clock_timestamp() where k.id = job_id;
    insert into martlet_data.audit (action, object, why) values ('resume_job', 'job ' || job_id, why);
    return 'resumed';
end $$;

ALTER FUNCTION martlet.resume_job(job_id bigint, why text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.resume_job(job_id bigint, why text) IS 'resumed | already_running. A job that was stopped goes on with the messages that have no result yet.';

CREATE FUNCTION martlet.resume_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT late bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    j martlet_data.journeys;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    j := martlet_data.known_journey(journey);
    if j.paused_at is null then
        raise exception 'field journey: % is not paused', quote_literal(journey) using errcode = 'MT036', hint = 'Nothing is to be done; see martlet.journeys for its state.';
    end if;
    paused_at := j.paused_at;
    update martlet_data.journeys o set paused_at = null, paused_by = null, pause_reason = null where o.id = j.id;
    select count(*) into late from martlet_data.journey_people p where p.journey_id = j.id and p.due_at <= clock_timestamp();
    insert into martlet_data.audit (action, object, why) values ('resume_journey', journey, why);
end $$;

ALTER FUNCTION martlet.resume_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT late bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.resume_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT late bigint) IS 'Lets a paused journey go on. late: people whose step has become due meanwhile; workers take it now.';

CREATE FUNCTION martlet.resume_lane(lane integer, why text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION martlet.resume_lane(lane integer, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.resume_provider(provider text, why text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select martlet_data.order_provider(provider, null, null, why) $$;

ALTER FUNCTION martlet.resume_provider(provider text, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet.resume_run(run_id integer, why text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_since timestamptz;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.known_run(run_id);
    with lifted as (
        update martlet_data.run_pauses p set lifted_at = clock_timestamp(), lifted_by = session_user where p.run_id = resume_run.run_id and p.lifted_at is null returning p.paused_at)
    select min(l.paused_at) into v_since from lifted l;
    if v_since is null then
        raise exception 'field run_id: run % is not paused', run_id using errcode = 'MT022', hint = 'Nothing is to be done; see martlet.runs for its state.';
    end if;
    insert into martlet_data.audit (action, object, why) values ('resume_run', run_id::text, why);
    return v_since;
end $$;

ALTER FUNCTION martlet.resume_run(run_id integer, why text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.resume_run(run_id integer, why text) IS 'Lifts all pauses of the run; answers since when it was paused.';

CREATE FUNCTION martlet.set_cluster(number integer, why text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_now record;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    if (number between 0 and 63) is not true then
        raise exception 'field number: % is no number of a cluster', coalesce(number::text, 'null') using errcode = 'MT016', hint = 'Use 0 … 63; each cluster has one of its own.';
    end if;
    perform martlet_data.commit_durably();
    select c.number, c.since_seq into v_now from martlet_data.cluster c for update;
    if v_now.number = number then
        return;
    elsif v_now.number <> 0 and coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0) <> v_now.since_seq then
        raise exception 'field number: this is cluster %, and ids carry that number', v_now.number using errcode = 'MT016',
            hint = 'A cluster keeps its number: links and receipts find its messages by it. Set up a new database for another one.';
    end if;
    update martlet_data.cluster c set number = set_cluster.number, since_id = coalesce(c.since_id, martlet_data.first_id(clock_timestamp())),
        since_seq = coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0), set_at = clock_timestamp(), set_by = session_user;
    insert into martlet_data.audit (action, object, why, detail) values ('set_cluster', number::text, why, jsonb_build_object('before', v_now.number));
end $$;

ALTER FUNCTION martlet.set_cluster(number integer, why text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.set_cluster(number integer, why text) IS 'Gives this cluster its number, 0 … 63: once, before other clusters exist.';

CREATE FUNCTION martlet.slo_since(since interval) RETURNS TABLE(class text, promise interval, messages bigint, held bigint, accepted bigint, within bigint, overdue bigint, failed bigint, within_share numeric, accepted_share numeric, oldest_waiting interval, p99_delay interval, peak_delay interval)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_nestloop TO 'off'
    SET work_mem TO '64MB'
    SET enable_hashagg TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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

ALTER FUNCTION martlet.slo_since(since interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.shown(p_address text) RETURNS text
    LANGUAGE sql STABLE
    AS $$ select case when pg_has_role(current_user, 'martlet_admin', 'usage') then p_address else martlet_data.mask(p_address) end $$;

ALTER FUNCTION martlet_data.shown(p_address text) OWNER TO martlet_owner;

CREATE TABLE martlet_data.attempts (
    message_id bigint NOT NULL,
    attempt smallint NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    session integer NOT NULL,
    admitted_at timestamp with time zone NOT NULL,
    send_by timestamp with time zone NOT NULL,
    template_version integer NOT NULL,
    segments smallint NOT NULL,
    cost_micros bigint,
    currency text COLLATE pg_catalog."C",
    budgets text[]
)
PARTITION BY RANGE (message_id);

ALTER TABLE martlet_data.attempts OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.attempts.budgets IS 'Keys of the budgets that this attempt counts in; null: in none, or given back.';

CREATE TABLE martlet_data.cancellations (
    message_id bigint NOT NULL,
    cancelled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    cancelled_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.cancellations OWNER TO martlet_owner;

CREATE TABLE martlet_data.channels (
    id smallint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    address_kind text NOT NULL COLLATE pg_catalog."C",
    retired_at timestamp with time zone,
    CONSTRAINT channels_address_kind_check CHECK ((address_kind = ANY (ARRAY['phone'::text, 'email'::text, 'opaque'::text])))
);

ALTER TABLE martlet_data.channels OWNER TO martlet_owner;

CREATE TABLE martlet_data.classes (
    id smallint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    lane smallint NOT NULL,
    time_to_live interval NOT NULL,
    erases_body boolean DEFAULT false NOT NULL,
    accept_within interval,
    retired_at timestamp with time zone,
    required text[] DEFAULT '{}'::text[] NOT NULL,
    sender text COLLATE pg_catalog."C",
    schedule_within interval DEFAULT '366 days'::interval NOT NULL
);

ALTER TABLE martlet_data.classes OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.classes.accept_within IS 'The promise: a provider has accepted it so long after it might be sent. Null: none.';

COMMENT ON COLUMN martlet_data.classes.required IS 'Variables that must be there and not empty, whatever the template says.';

COMMENT ON COLUMN martlet_data.classes.sender IS 'Of messages that name none; null: the default sender.';

COMMENT ON COLUMN martlet_data.classes.schedule_within IS 'scheduled_at may be so far ahead.';

CREATE TABLE martlet_data.dead_letters (
    message_id bigint NOT NULL,
    class text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    recipient_key text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    template text NOT NULL COLLATE pg_catalog."C",
    provider text COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C",
    explanation text NOT NULL COLLATE pg_catalog."C",
    remedy text NOT NULL COLLATE pg_catalog."C",
    died_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    series smallint NOT NULL,
    message jsonb NOT NULL,
    history jsonb NOT NULL
);

ALTER TABLE martlet_data.dead_letters OWNER TO martlet_owner;

CREATE TABLE martlet_data.due (
    slot smallint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    message_id bigint NOT NULL,
    lane smallint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C"
)
PARTITION BY LIST (slot);

ALTER TABLE martlet_data.due OWNER TO martlet_owner;

CREATE TABLE martlet_data.group_cancellations (
    group_key text NOT NULL COLLATE pg_catalog."C",
    producer text NOT NULL COLLATE pg_catalog."C",
    cancelled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    cancelled_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.group_cancellations OWNER TO martlet_owner;

CREATE TABLE martlet_data.leased (
    slot smallint NOT NULL,
    message_id bigint NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    burned smallint NOT NULL,
    resends smallint NOT NULL,
    deaths smallint NOT NULL,
    series smallint NOT NULL,
    session integer NOT NULL,
    claim integer NOT NULL,
    deadline timestamp with time zone NOT NULL
)
PARTITION BY LIST (slot);

ALTER TABLE martlet_data.leased OWNER TO martlet_owner;

CREATE TABLE martlet_data.messages (
    id bigint NOT NULL,
    class_id smallint NOT NULL,
    channel_id smallint NOT NULL,
    recipient_key text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    template text NOT NULL COLLATE pg_catalog."C",
    locale text COLLATE pg_catalog."C",
    sender text COLLATE pg_catalog."C",
    time_zone text COLLATE pg_catalog."C",
    tier text COLLATE pg_catalog."C",
    group_key text COLLATE pg_catalog."C",
    variables json NOT NULL,
    headers jsonb,
    traceparent text COLLATE pg_catalog."C",
    producer text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    scheduled_at timestamp with time zone
)
PARTITION BY RANGE (id);

ALTER TABLE martlet_data.messages OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.messages.scheduled_at IS 'Null: at once.';

CREATE TABLE martlet_data.receipts (
    message_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    attempt smallint,
    provider text COLLATE pg_catalog."C",
    code text COLLATE pg_catalog."C",
    detail text COLLATE pg_catalog."C",
    reference text COLLATE pg_catalog."C",
    stale boolean DEFAULT false NOT NULL,
    actor text COLLATE pg_catalog."C",
    part smallint
)
PARTITION BY RANGE (message_id);

ALTER TABLE martlet_data.receipts OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.receipts.stale IS 'Evidence of a worker that had lost its lease: kept, but it moved nothing.';

COMMENT ON COLUMN martlet_data.receipts.part IS 'Said by the provider after its answer: 0 about the whole message, else about this part of it. Null: said by Martlet, or the answer itself.';

CREATE TABLE martlet_data.requeues (
    message_id bigint NOT NULL,
    series smallint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    variables jsonb,
    provider text COLLATE pg_catalog."C",
    approve_words boolean DEFAULT false NOT NULL,
    requeued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    requeued_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    why text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.requeues OWNER TO martlet_owner;

CREATE VIEW martlet.message_status AS
 SELECT m.id AS message_id,
    c.name AS class,
    ch.name AS channel,
    martlet_data.shown(m.recipient_key) AS recipient_key,
    martlet_data.shown(m.address) AS address,
    m.template,
    m.group_key,
    m.producer,
    m.created_at,
    COALESCE(q.expires_at, m.expires_at) AS expires_at,
        CASE
            WHEN ((d.message_id IS NOT NULL) AND COALESCE((f.kind <> ALL (ARRAY['accepted'::text, 'delivered'::text])), true)) THEN 'dead'::text
            WHEN (f.kind IS NOT NULL) THEN f.kind
            WHEN ((l.message_id IS NOT NULL) AND (a.message_id IS NOT NULL)) THEN 'sending'::text
            WHEN (x.cancelled_at IS NOT NULL) THEN 'cancelled'::text
            WHEN (l.message_id IS NOT NULL) THEN 'leased'::text
            WHEN (u.message_id IS NOT NULL) THEN 'due'::text
            ELSE 'ready'::text
        END AS state,
        CASE
            WHEN ((d.message_id IS NOT NULL) AND COALESCE((f.kind <> ALL (ARRAY['accepted'::text, 'delivered'::text])), true)) THEN d.reason
            WHEN (f.kind IS NOT NULL) THEN f.code
            WHEN ((u.message_id IS NOT NULL) AND (l.message_id IS NULL) AND (x.cancelled_at IS NULL)) THEN u.reason
            ELSE NULL::text
        END AS reason,
        CASE
            WHEN ((d.message_id IS NULL) AND (f.kind IS NULL) AND (l.message_id IS NULL) AND (x.cancelled_at IS NULL)) THEN u.due_at
            ELSE NULL::timestamp with time zone
        END AS until,
        CASE
            WHEN ((d.message_id IS NOT NULL) AND COALESCE((f.kind <> ALL (ARRAY['accepted'::text, 'delivered'::text])), true)) THEN d.died_at
            WHEN (f.kind IS NOT NULL) THEN f.at
            WHEN (NOT ((l.message_id IS NOT NULL) AND (a.message_id IS NOT NULL))) THEN x.cancelled_at
            ELSE NULL::timestamp with time zone
        END AS ended_at
   FROM (((((((((martlet_data.messages m
     JOIN martlet_data.classes c ON ((c.id = m.class_id)))
     JOIN martlet_data.channels ch ON ((ch.id = m.channel_id)))
     LEFT JOIN martlet_data.dead_letters d ON ((d.message_id = m.id)))
     LEFT JOIN martlet_data.leased l ON ((l.message_id = m.id)))
     LEFT JOIN martlet_data.attempts a ON (((a.message_id = m.id) AND (a.attempt = (l.attempt + 1)))))
     LEFT JOIN martlet_data.due u ON ((u.message_id = m.id)))
     LEFT JOIN LATERAL ( SELECT r.expires_at,
            r.requeued_at
           FROM martlet_data.requeues r
          WHERE (r.message_id = m.id)
          ORDER BY r.series DESC
         LIMIT 1) q ON (true))
     LEFT JOIN LATERAL ( SELECT r.kind,
            r.code,
            r.at
           FROM martlet_data.receipts r
          WHERE ((r.message_id = m.id) AND (r.kind = ANY (ARRAY['accepted'::text, 'delivered'::text, 'undelivered'::text, 'suppressed'::text, 'capped'::text, 'expired'::text, 'cancelled'::text, 'discarded'::text])) AND ((q.requeued_at IS NULL) OR ((r.at >= q.requeued_at) AND ((r.kind <> 'undelivered'::text) OR (r.attempt IS NULL) OR (EXISTS ( SELECT
                   FROM martlet_data.attempts b
                  WHERE ((b.message_id = m.id) AND (b.attempt = r.attempt) AND (b.admitted_at >= q.requeued_at))))))) AND ((r.kind <> 'undelivered'::text) OR (r.attempt IS NULL) OR (NOT (EXISTS ( SELECT
                   FROM martlet_data.attempts b
                  WHERE ((b.message_id = m.id) AND (b.attempt > r.attempt) AND (NOT (EXISTS ( SELECT
                           FROM martlet_data.receipts s
                          WHERE ((s.message_id = b.message_id) AND (s.attempt = b.attempt) AND (s.kind = ANY (ARRAY['accepted'::text, 'deferred'::text, 'rejected'::text, 'delivered'::text, 'undelivered'::text]))))))))))) AND ((r.kind <> 'undelivered'::text) OR (r.attempt IS NULL) OR (l.message_id IS NULL) OR (a.message_id IS NULL) OR (r.attempt > l.attempt)))
          ORDER BY (r.kind <> 'discarded'::text), (r.kind <> 'delivered'::text),
                CASE
                    WHEN (r.kind = ANY (ARRAY['accepted'::text, 'undelivered'::text])) THEN r.attempt
                    ELSE NULL::smallint
                END DESC NULLS LAST,
                CASE r.kind
                    WHEN 'undelivered'::text THEN 0
                    WHEN 'accepted'::text THEN 1
                    ELSE 2
                END, r.at DESC
         LIMIT 1) f ON (true))
     LEFT JOIN LATERAL ( SELECT max(c_1.cancelled_at) AS cancelled_at
           FROM ( SELECT n.cancelled_at
                   FROM martlet_data.cancellations n
                  WHERE (n.message_id = m.id)
                UNION ALL
                 SELECT g.cancelled_at
                   FROM martlet_data.group_cancellations g
                  WHERE ((g.group_key = m.group_key) AND (g.producer = ANY (ARRAY['*'::text, m.producer])) AND (g.cancelled_at >= m.created_at))) c_1
          WHERE ((d.message_id IS NULL) AND (f.kind IS NULL))) x ON (true));

ALTER TABLE martlet.message_status OWNER TO martlet_owner;

CREATE VIEW martlet.my_messages WITH (security_barrier='true') AS
 SELECT s.message_id,
    s.class,
    s.channel,
    s.template,
    s.group_key,
    s.created_at,
    s.expires_at,
    s.state,
    s.reason,
    d.explanation,
    s.until,
    s.ended_at
   FROM (martlet.message_status s
     LEFT JOIN martlet_data.dead_letters d ON (((d.message_id = s.message_id) AND (s.state = 'dead'::text))))
  WHERE (s.producer = SESSION_USER);

ALTER TABLE martlet.my_messages OWNER TO martlet_owner;

COMMENT ON VIEW martlet.my_messages IS 'What became of the caller''s own messages; ask by message_id: every other question reads all that is kept.';

CREATE FUNCTION martlet.status(message_id bigint) RETURNS SETOF martlet.my_messages
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    return query select * from martlet.my_messages m where m.message_id = status.message_id;
    if not found then
        raise exception 'message % does not exist, or another producer enqueued it', message_id using errcode = 'MT012',
            hint = 'Pass the id that enqueue returned, with the role that enqueued it.';
    end if;
end $$;

ALTER FUNCTION martlet.status(message_id bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.status(message_id bigint) IS 'What became of one message of the caller''s own.';

CREATE FUNCTION martlet.status(idempotency_key text) RETURNS SETOF martlet.my_messages
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_id bigint := (select k.message_id from martlet_data.idempotency_keys k where k.producer = session_user and k.key = idempotency_key);
begin
    if v_id is null then
        raise exception 'field idempotency_key: % was not used by %', coalesce(quote_literal(left(idempotency_key, 256)), 'null'), session_user using errcode = 'MT012',
            hint = 'Pass a key that enqueue was given, with the role that passed it; keys are forgotten after 30 days.';
    end if;
    return query select * from martlet.status(v_id);
end $$;

ALTER FUNCTION martlet.status(idempotency_key text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.status(idempotency_key text) IS 'The same, by the idempotency key that it was enqueued with.';

CREATE FUNCTION martlet.stop_job(job_id bigint, why text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    if martlet_data.end_job(job_id, session_user, why) then
        insert into martlet_data.audit (action, object, why) values ('stop_job', 'job ' || job_id, why);
        return 'stopped';
    end if;
    if exists (select from martlet_data.jobs j where j.id = job_id) then
        return 'already_ended';
    end if;
    raise exception 'there is no job %', job_id using errcode = 'MT012', hint = 'List them with "martlet jobs list".';
end $$;

ALTER FUNCTION martlet.stop_job(job_id bigint, why text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.stop_job(job_id bigint, why text) IS 'stopped | already_ended';

CREATE FUNCTION martlet.stop_run(run_id integer, why text, OUT stopped_at timestamp with time zone, OUT waiting bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.known_run(run_id);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[hashtext('run:' || run_id)]);
    stopped_at := clock_timestamp();
    update martlet_data.runs r set stopped_at = stop_run.stopped_at, stopped_by = session_user, stop_reason = why, is_open = false where r.id = run_id;
    insert into martlet_data.group_cancellations as g (group_key, producer, cancelled_at) values ('run:' || run_id, '*', stopped_at)
        on conflict on constraint group_cancellations_pkey do update set cancelled_at = excluded.cancelled_at;
    select count(*) into waiting from martlet_data.run_members m where m.run_id = stop_run.run_id and m.state = 0;
    insert into martlet_data.audit (action, object, why, detail) values ('stop_run', run_id::text, why, jsonb_build_object('waiting', waiting));
end $$;

ALTER FUNCTION martlet.stop_run(run_id integer, why text, OUT stopped_at timestamp with time zone, OUT waiting bigint) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.stop_run(run_id integer, why text, OUT stopped_at timestamp with time zone, OUT waiting bigint) IS 'For good: nothing more is released or admitted. waiting: members who had not been released; messages that are enqueued end as cancelled.';

CREATE FUNCTION martlet.suppress(channel text, recipient text, scope text DEFAULT 'marketing'::text, reason text DEFAULT 'opt_out'::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_address text := martlet_data.known_address(suppress.channel, suppress.recipient);
    v_id bigint;
begin
    perform martlet_data.check_text('reason', coalesce(suppress.reason, ''), 256);
    if suppress.scope is null or suppress.scope not in ('all', 'all_except_otp') and not exists (select from martlet_data.classes c where c.name = suppress.scope) then
        raise exception 'field scope: unknown scope %', coalesce(quote_literal(suppress.scope), 'null') using errcode = 'MT001', hint = (select martlet_data.did_you_mean(suppress.scope, array_agg(c.name) || array['all', 'all_except_otp']) from martlet_data.classes c)
                || 'Use the name of a class, all_except_otp or all.';
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[martlet_data.opt_out_place(1000000000, suppress.channel, suppress.scope)], array[pg_catalog.hashtext(martlet_data.address_key(v_address))]);
    insert into martlet_data.suppressions (channel, address, scope, reason) values (suppress.channel, v_address, suppress.scope, suppress.reason)
        on conflict (address, channel, scope) where lifted_at is null do nothing returning id into v_id;
    if v_id is null then
        select s.id into v_id from martlet_data.suppressions s where s.address = v_address and s.channel = suppress.channel and s.scope = suppress.scope and s.lifted_at is null;
    end if;
    return v_id;
end $$;

ALTER FUNCTION martlet.suppress(channel text, recipient text, scope text, reason text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.suppress(channel text, recipient text, scope text, reason text) IS 'From its commit on nothing of this scope is admitted to the address; returns the id of the suppression.';

CREATE FUNCTION martlet.undo_goal(name text, recipient_key text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_person text := martlet_data.person_key(recipient_key);
    v_runs   int := 0;
    v_zone   smallint;
    r        martlet_data.runs;
    m        martlet_data.run_members;
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 64);
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    for r in select * from martlet_data.runs o where o.goal = undo_goal.name and o.stopped_at is null order by o.id loop
        select * into m from martlet_data.run_members n where n.run_id = r.id and n.person = v_person for update;
        continue when not found;
        update martlet_data.run_goals g set undone_at = clock_timestamp() where g.run_id = r.id and g.place = m.place and g.undone_at is null;
        continue when not found;
        v_runs := v_runs + 1;
        if m.state = 1 then
            perform martlet_data.commit_durably();
            perform martlet_data.hold_from_admit(array[7340010], array[hashint8(m.message_id)]);
            delete from martlet_data.cancellations c where c.message_id = m.message_id;
            continue when not exists (select from martlet_data.receipts e where e.message_id = m.message_id and e.kind = 'cancelled')
                or exists (select from martlet_data.attempts a where a.message_id = m.message_id);
            delete from martlet_data.idempotency_keys i where i.producer = r.created_by and i.key = format('run:%s:%s', r.id, m.person) and i.message_id = m.message_id;
        elsif m.state <> 2 or m.reason is distinct from 'goal' then
            continue;
        end if;
        update martlet_data.run_members n set state = 0, reason = null, message_id = null where n.run_id = r.id and n.place = m.place;
        continue when exists (select from martlet_data.run_chunks c where c.run_id = r.id and c.released_at is null and m.place between c.first_place and c.last_place);
        select z.zone into v_zone from martlet_data.run_zones z where z.run_id = r.id and m.place between z.first_place and z.first_place + z.members - 1;
        insert into martlet_data.run_chunks (run_id, chunk, zone, first_place, last_place, due_at)
            select r.id, max(c.chunk) + 1, v_zone, m.place, m.place, clock_timestamp() from martlet_data.run_chunks c where c.run_id = r.id;
        update martlet_data.runs o set is_open = true where o.id = r.id and not o.is_open;
    end loop;
    return v_runs + martlet_data.undo_journey_goal(name, recipient_key);
end $$;

ALTER FUNCTION martlet.undo_goal(name text, recipient_key text) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet.undo_goal(name text, recipient_key text) IS 'Takes martlet.goal back: the person is in again, in runs that have not been stopped and in journeys. Answers in how many.';

CREATE FUNCTION martlet.unsuppress(channel text, recipient text, why text, scope text DEFAULT NULL::text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_address text := martlet_data.known_address(channel, recipient);
    v_count int;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_agg(k.place), array_agg(k.hash)) from (
        select 7340013 as place, pg_catalog.hashtext(martlet_data.address_key(v_address)) as hash
        union select martlet_data.opt_out_place(1000000000, unsuppress.channel, unsuppress.scope), pg_catalog.hashtext(martlet_data.address_key(v_address)) where unsuppress.scope is not null) k;
    update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = why
        where s.address_key = martlet_data.address_key(v_address) and s.channel = unsuppress.channel and (unsuppress.scope is null or s.scope = unsuppress.scope) and s.lifted_at is null;
    get diagnostics v_count = row_count;
    insert into martlet_data.audit (action, object, why, detail) values ('unsuppress', martlet_data.mask(v_address), why, jsonb_build_object('channel', channel, 'scope', scope, 'lifted', v_count));
    return v_count;
end $$;

ALTER FUNCTION martlet.unsuppress(channel text, recipient text, why text, scope text) OWNER TO martlet_owner;

CREATE TABLE martlet_data.jobs (
    id bigint NOT NULL,
    action text NOT NULL COLLATE pg_catalog."C",
    why text NOT NULL COLLATE pg_catalog."C",
    selection jsonb NOT NULL,
    options jsonb NOT NULL,
    per_second integer,
    messages integer NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    skipped integer DEFAULT 0 NOT NULL,
    state text DEFAULT 'running'::text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    next_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    stopped_by text COLLATE pg_catalog."C",
    stop_why text COLLATE pg_catalog."C",
    CONSTRAINT jobs_action_check CHECK ((action = ANY (ARRAY['requeue'::text, 'discard'::text]))),
    CONSTRAINT jobs_check CHECK (((state = 'running'::text) = (ended_at IS NULL))),
    CONSTRAINT jobs_check1 CHECK (((state = 'stopped'::text) = (stop_why IS NOT NULL))),
    CONSTRAINT jobs_per_second_check CHECK (((per_second >= 1) AND (per_second <= 100000))),
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['running'::text, 'stopped'::text, 'finished'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='500');

ALTER TABLE martlet_data.jobs OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.jobs IS 'Work on many dead letters that any worker goes on with.';

COMMENT ON COLUMN martlet_data.jobs.selection IS 'What was asked for, for people: the filter, or that ids were given.';

COMMENT ON COLUMN martlet_data.jobs.options IS 'Of requeue: variables (until the job has ended), provider, may_duplicate, approve_words.';

COMMENT ON COLUMN martlet_data.jobs.next_at IS 'When the next batch may begin: its rate.';

COMMENT ON COLUMN martlet_data.jobs.stopped_by IS 'Null beside a stop_why: Martlet itself stopped it.';

CREATE FUNCTION martlet_data.act_on_job(j martlet_data.jobs, p_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_half int := cardinality(p_ids) / 2;
    v_state text;
    v_constraint text;
    v_text text;
    v_hint text;
begin
    if cardinality(p_ids) = 0 then
        return;
    end if;
    begin
        if j.action = 'requeue' then
            perform martlet_data.requeue_as(j.created_by, j.id, i.id, j.why, case when (j.options -> 'merge_variables')::boolean then martlet_data.variables_of(i.id) || (j.options -> 'variables')
                else j.options -> 'variables' end, j.options ->> 'provider',
                coalesce((j.options -> 'may_duplicate')::boolean, false), coalesce((j.options -> 'approve_words')::boolean, false)) from unnest(p_ids) i(id);
        else
            perform martlet_data.discard_as(j.created_by, j.id, i.id, j.why) from unnest(p_ids) i(id);
        end if;
        update martlet_data.job_messages m set result = 'done', at = clock_timestamp() where m.job_id = j.id and m.message_id = any (p_ids);
        return;
    exception when others then
        get stacked diagnostics v_state = returned_sqlstate, v_constraint = constraint_name, v_text = message_text, v_hint = pg_exception_hint;
        -- No partition for a row is a check violation without a constraint: the ring got a part meanwhile.
        if v_state !~ '^(MT0|21|22|23|P0001)' or v_state = '23514' and v_constraint = '' then
            raise;
        end if;
    end;
    if v_half = 0 then
        update martlet_data.job_messages m set result = 'skipped', at = clock_timestamp(), sqlstate = v_state, reason = left(v_text, 1000), hint = nullif(left(v_hint, 1000), '')
            where m.job_id = j.id and m.message_id = p_ids[1];
    else
        perform martlet_data.act_on_job(j, p_ids[:v_half]);
        perform martlet_data.act_on_job(j, p_ids[v_half + 1:]);
    end if;
end $$;

ALTER FUNCTION martlet_data.act_on_job(j martlet_data.jobs, p_ids bigint[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.add_segment(p_kind text, p_lane smallint) RETURNS smallint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_slot smallint;
    v_name text;
begin
    if p_kind not in ('ready', 'leased', 'due') then
        raise exception 'unknown kind of ring %', quote_literal(p_kind) using errcode = 'MT900';
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

ALTER FUNCTION martlet_data.add_segment(p_kind text, p_lane smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.address_key(p_address text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case when octet_length(p_address) <> length(p_address) then martlet_data.unusual_address_key(p_address)
        when left(p_address, 1) = '+' then case when left(p_address, 3) in ('+52', '+54', '+55', '+22') then martlet_data.unusual_address_key(p_address) else p_address end
        when p_address like '_%@%.%' and not p_address ^@ '@'
            then case when p_address like '%--%' and position('xn--' in lower(p_address)) > 0 then martlet_data.unusual_address_key(p_address) else lower(p_address) end
        when left(p_address, 1) between '1' and '9' or position(':' in p_address) > 0 then martlet_data.unusual_address_key(p_address)
        else p_address end $$;

ALTER FUNCTION martlet_data.address_key(p_address text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.advance_segment(p_kind text, p_lane smallint) RETURNS smallint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION martlet_data.advance_segment(p_kind text, p_lane smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.apply_journey(p jsonb, p_moves jsonb, p_changed text[], OUT id integer, OUT version integer, OUT is_new boolean, OUT moved bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_steps text[] := array(select jsonb_array_elements_text(p->'steps'));
    v_lost  text;
    j       martlet_data.journeys;
begin
    perform martlet_data.commit_durably();
    insert into martlet_data.journeys as o (name, version, re_entry, audience, first_step) values (p->>'name', 0, p->>'re_entry', p->>'audience', v_steps[1])
        on conflict (name) do update set re_entry = excluded.re_entry, audience = excluded.audience, first_step = excluded.first_step returning * into j;
    select v.version into version from martlet_data.journey_versions v where v.journey_id = j.id and v.version = j.version and v.definition = p->>'definition';
    is_new := not found;
    if is_new then
        version := j.version + 1;
        insert into martlet_data.journey_versions (journey_id, version, definition, steps) values (j.id, version, p->>'definition', v_steps);
        insert into martlet_data.journey_triggers (event, kind, journey_id, version, condition, fields)
            select t.event, t.kind, j.id, apply_journey.version, t.condition::jsonpath, t.fields
            from jsonb_to_recordset(p->'triggers') t(event text, kind text, condition text, fields text[]);
        update martlet_data.journeys o set version = apply_journey.version where o.id = j.id;
        insert into martlet_data.audit (action, object, detail) values ('apply_journey', format('%s v%s', j.name, version), p_moves);
    end if;
    id := j.id;
    moved := 0;
    if p_moves is not null then
        -- People keep their place, or go where the file says.
        select o.step into v_lost from martlet_data.journey_people o where o.journey_id = j.id and o.state = 'in' and o.version <> apply_journey.version
            and o.step <> all (v_steps) and not p_moves ? o.step limit 1;
        if found then
            raise exception 'field removed: people are at step %, which the file does not have', quote_literal(v_lost) using errcode = 'MT036',
                hint = format('Write removed: {%s: STEP}, or {%s: end}.', v_lost, v_lost);
        end if;
        update martlet_data.journey_people o set version = apply_journey.version,
                step = case when o.step = any (v_steps) then o.step else coalesce(p_moves->>o.step, o.step) end,
                is_waiting = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.is_waiting else false end,
                due_at = case when o.step = any (v_steps) then case when o.step = any (p_changed) then clock_timestamp() else o.due_at end
                    when p_moves->>o.step is not null then clock_timestamp() end,
                until_at = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.until_at end,
                awaits = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.awaits end,
                looks_at = case when o.step = any (v_steps) and o.step <> all (p_changed) then o.looks_at end,
                state = case when o.step = any (v_steps) or p_moves->>o.step is not null then o.state else 'exited' end,
                reason = case when o.step = any (v_steps) or p_moves->>o.step is not null then null else 'step removed' end,
                ended_at = case when o.step = any (v_steps) or p_moves->>o.step is not null then null else clock_timestamp() end
            where o.journey_id = j.id and o.state = 'in' and o.version <> apply_journey.version;
        get diagnostics moved = row_count;
        if moved > 0 then
            insert into martlet_data.audit (action, object, detail) values ('migrate_journey', format('%s v%s', j.name, version), jsonb_build_object('people', moved));
        end if;
    end if;
end $$;

ALTER FUNCTION martlet_data.apply_journey(p jsonb, p_moves jsonb, p_changed text[], OUT id integer, OUT version integer, OUT is_new boolean, OUT moved bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.apply_journey_turns(p_journey integer, p_turns jsonb[], OUT done integer, OUT failed integer, OUT problem text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_half  int := cardinality(p_turns) / 2;
    v_state text;
    v_error text;
    h       record;
begin
    perform martlet_data.commit_durably();
    perform pg_current_xact_id(); -- before the sequence: as in enqueue
    begin
        done := martlet_data.take_journey_steps(p_journey, p_turns);
        failed := 0;
        return;
    exception when others then
        get stacked diagnostics v_state = returned_sqlstate, problem = message_text, v_error = constraint_name;
        -- What has nothing to do with these people: the whole transaction is taken again. A ring that moved on names no constraint.
        if left(v_state, 2) in ('40', '53', '57', '58', 'XX', '55') or v_state = '23514' and v_error = '' then
            raise;
        end if;
    end;
    if v_half > 0 then
        done := 0;
        failed := 0;
        for h in select a.* from (values (p_turns[:v_half]), (p_turns[v_half + 1:])) p(turns) cross join lateral martlet_data.apply_journey_turns(p_journey, p.turns) a loop
            done := done + h.done;
            failed := failed + h.failed;
            problem := coalesce(h.problem, problem);
        end loop;
        return;
    end if;
    done := 0;
    failed := 1;
    update martlet_data.journey_people p set failures = p.failures + (v_state <> 'MT035')::int,
            state = case when p.failures >= 9 and v_state <> 'MT035' then 'failed' else p.state end,
            ended_at = case when p.failures >= 9 and v_state <> 'MT035' then clock_timestamp() end,
            due_at = case when p.failures < 9 or v_state = 'MT035' then clock_timestamp()
                + case v_state when 'MT035' then interval '1 minute' else least(interval '10 seconds' * 2 ^ p.failures, interval '1 hour') end end,
            reason = format('%s (%s)', problem, v_state)
        where p.journey_id = p_journey and p.person = p_turns[1]->>'person' and p.entry = (p_turns[1]->>'entry')::int and p.state = 'in';
end $$;

ALTER FUNCTION martlet_data.apply_journey_turns(p_journey integer, p_turns jsonb[], OUT done integer, OUT failed integer, OUT problem text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.apply_keyword(p_channel text, p_address text, p_scope text, p_word text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
    v_rows int;
    v_consents int;
    -- A consent may name the phone as WhatsApp does, without +.
    v_keys text[] := array[martlet_data.address_key(p_address), ltrim(martlet_data.address_key(p_address), '+')];
begin
    if p_scope is not null then
        insert into martlet_data.suppressions (channel, address, scope, reason) values (p_channel, p_address, p_scope, 'opt_out_text')
            on conflict (address, channel, scope) where lifted_at is null do nothing;
        get diagnostics v_rows = row_count;
        insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
            select n.recipient_key, p_channel, n.purpose, 'withdrawn', 'text', p_word
            from (select distinct on (c.person_key, c.purpose) c.recipient_key, c.purpose, c.status from martlet_data.consents c
                where c.person_key = any (v_keys) and c.channel = p_channel order by c.person_key, c.purpose, c.id desc) n
            where n.status <> 'withdrawn' and (p_scope in ('all', n.purpose) or p_scope = 'all_except_otp' and n.purpose <> 'otp');
    else
        update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = 'text: ' || p_word
            where s.address_key = v_keys[1] and s.channel = p_channel and s.reason in ('opt_out', 'opt_out_text') and s.lifted_at is null;
        get diagnostics v_rows = row_count;
        insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
            select n.recipient_key, p_channel, n.purpose, b.status, 'text', p_word
            from (select distinct on (c.person_key, c.purpose) c.id, c.person_key, c.recipient_key, c.purpose, c.status, c.method from martlet_data.consents c
                where c.person_key = any (v_keys) and c.channel = p_channel order by c.person_key, c.purpose, c.id desc) n
            cross join lateral (select c.status from martlet_data.consents c
                where c.person_key = n.person_key and c.channel = p_channel and c.purpose = n.purpose and c.id < n.id order by c.id desc limit 1) b
            where n.status = 'withdrawn' and n.method = 'text' and b.status <> 'withdrawn';
    end if;
    get diagnostics v_consents = row_count;
    return v_rows + v_consents > 0;
end $$;

ALTER FUNCTION martlet_data.apply_keyword(p_channel text, p_address text, p_scope text, p_word text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) RETURNS boolean[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_changed boolean[] := '{}';
begin
    if cardinality(p_addresses) = 0 then
        return v_changed;
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_agg(k.place), array_agg(k.hash)) from (
        select 7340013 as place, pg_catalog.hashtext(martlet_data.address_key(a)) as hash from unnest(p_addresses) a -- one after the other
        union select martlet_data.opt_out_place(1000000000, i.channel, i.scope), pg_catalog.hashtext(martlet_data.address_key(i.address))
            from unnest(p_channels, p_addresses, p_scopes) i(channel, address, scope) where i.scope is not null
        -- A consent may name the phone as WhatsApp does, without +.
        union select martlet_data.opt_out_place(1400000000, i.channel, 'all'), pg_catalog.hashtext(n.key)
            from unnest(p_channels, p_addresses, p_scopes) i(channel, address, scope)
            cross join lateral (values (martlet_data.address_key(i.address)), (ltrim(martlet_data.address_key(i.address), '+'))) n(key) where i.scope is not null) k;
    for i in 1 .. cardinality(p_addresses) loop
        v_changed := v_changed || martlet_data.apply_keyword(p_channels[i], p_addresses[i], p_scopes[i], p_words[i]);
    end loop;
    return v_changed;
end $$;

ALTER FUNCTION martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.apply_keywords(p_channel text, p_addresses text[], p_scopes text[], p_words text[]) RETURNS boolean[]
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select martlet_data.apply_keywords(array_fill(p_channel, array[cardinality(p_addresses)]), p_addresses, p_scopes, p_words) $$;

ALTER FUNCTION martlet_data.apply_keywords(p_channel text, p_addresses text[], p_scopes text[], p_words text[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.bucket(p_id bigint) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ select pg_catalog.hashint8(p_id) & 255 $$;

ALTER FUNCTION martlet_data.bucket(p_id bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.bucket(p_text text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ select pg_catalog.hashtext(p_text) & 255 $$;

ALTER FUNCTION martlet_data.bucket(p_text text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.bucket_of(p_seed text, p_person text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select ((('x' || encode(substr(sha256(convert_to(p_seed || ':' || p_person, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint * 10000) >> 32)::int $$;

ALTER FUNCTION martlet_data.bucket_of(p_seed text, p_person text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.bulk_enqueue_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform martlet.enqueue(new.class, new.channel, new.recipient, new.template, coalesce(new.variables, '{}'), new.idempotency_key,
        new.scheduled_at, new.expires_at, new.recipient_key, new.locale, new.time_zone, new.tier, new.group_key, new.sender, new.headers, new.traceparent,
        new.check_template);
    return new;
end $$;

ALTER FUNCTION martlet_data.bulk_enqueue_row() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.cancel_journey_messages(p_journey integer, p_person text, p_entry integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_messages bigint[] := array(select m.message_id from martlet_data.journey_messages m
        where m.journey_id = p_journey and m.person = p_person and (p_entry is null or m.entry = p_entry) and m.message_id is not null
            and not exists (select from martlet_data.receipts r where r.message_id = m.message_id
                and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) order by 1);
begin
    if v_messages = '{}' then
        return;
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_fill(7340010, array[cardinality(v_messages)]), array(select hashint8(u) from unnest(v_messages) u));
    -- A statement of its own, after the lock: what Admit committed before is seen.
    insert into martlet_data.cancellations (message_id)
        select u.id from unnest(v_messages) u(id) where not exists (select from martlet_data.receipts r where r.message_id = u.id
            and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) on conflict do nothing;
end $$;

ALTER FUNCTION martlet_data.cancel_journey_messages(p_journey integer, p_person text, p_entry integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.canonical(p_value jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
    select case when p_value::text ~ '\.[0-9]*0([^0-9]|$)' then martlet_data.trimmed(p_value) else p_value end $_$;

ALTER FUNCTION martlet_data.canonical(p_value jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.check_audience(p_id integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '128MB'
    AS $_$
declare
    v_table   text := martlet_data.members_table('audience', p_id);
    v_country text := (select s.default_country from martlet_data.senders s where s.is_default and s.retired_at is null);
    v_checked bigint := (select a.checked from martlet_data.audiences a where a.id = p_id for update);
    v_column  text;
begin
    execute format($q$
        with looked as materialized (
            select m.n, m.line, m.person as old_person, m.sms as old_sms, m.email as old_email, martlet_data.person_key(coalesce(m.person, m.sms, m.email)) as person,
                case when martlet_data.is_e164(m.sms) then m.sms else martlet_data.normalise_address('phone', m.sms, $3) end as sms,
                martlet_data.normalise_address('email', m.email, null) as email,
                case when m.sms is null and m.email is null and m.addresses is null then 'address'
                    when m.time_zone is not null and not exists (select from martlet_data.time_zones z where z.name = m.time_zone) then 'time_zone'
                    when length(m.person) not between 1 and 256 or m.person ~ '[[:cntrl:]]' then 'person'
                    when length(m.locale) not between 1 and 35 or m.locale ~ '[[:cntrl:]]' then 'locale'
                    when length(m.tier) not between 1 and 64 or m.tier ~ '[[:cntrl:]]' then 'tier'
                    when json_typeof(m.variables) <> 'object' or octet_length(m.variables::text) > 16384 or position('\u' in m.variables::text) > 0 and not martlet_data.is_jsonb(m.variables::text) then 'variables'
                    when jsonb_typeof(m.addresses) <> 'object' then 'addresses' end as field
            from %1$s m where m.n > $2 and (
                -- Nearly all rows are usual in every way; only what may not be is looked at one by one.
                martlet_data.person_key(m.person) = m.person and length(m.person) between 1 and 256 and m.person !~ '[[:cntrl:]]'
                and case when m.sms is null then m.email is not null else martlet_data.is_e164(m.sms) end and (m.email is null or m.email ~ '^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+([.-][a-z0-9]+)*\.[a-z]+$')
                and m.addresses is null and (m.time_zone is null or m.time_zone in (select z.name from martlet_data.time_zones z))
                and (m.locale is null or m.locale ~ '^[A-Za-z0-9_-]{1,35}$') and (m.tier is null or m.tier ~ '^[A-Za-z0-9_-]{1,64}$')
                and (m.variables is null or left(m.variables::text, 1) = '{' and octet_length(m.variables::text) <= 16384 and position('\u' in m.variables::text) = 0)) is not true),
        told as (
            insert into martlet_data.audience_rejects (audience_id, n, line, field, problem)
            select $1, l.n, l.line, f.field, case f.field when 'address' then 'has no address: give sms, email or addresses' when 'person' then 'has no person: 1 to 256 characters that name one'
                when 'time_zone' then 'is no time zone: use an IANA name such as Asia/Shanghai' when 'sms' then 'is no phone number: write it as +8613800138000' when 'email' then 'is no mailbox: one, without display name'
                when 'variables' then 'is no JSON object of at most 16 KiB, without \u0000 and halves of surrogate pairs' when 'addresses' then 'is no JSON object of texts by channel' else 'is empty, too long or has control characters' end
            from looked l cross join lateral (select coalesce(l.field, case when l.old_sms is not null and l.sms is null then 'sms' when l.old_email is not null and l.email is null then 'email' when l.person is null then 'person' end) as field) f
            where f.field is not null returning n),
        gone as (delete from %1$s m using told t where m.n = t.n)
        update %1$s m set person = l.person, sms = l.sms, email = l.email from looked l
        where m.n = l.n and m.n > $2 and (l.person, l.sms, l.email) is distinct from (l.old_person, l.old_sms, l.old_email) and l.n not in (select t.n from told t)
        $q$, v_table) using p_id, v_checked, v_country;
    foreach v_column in array array['person', 'sms', 'email'] loop
        execute format($q$
            with twice as materialized (select m.%2$I as value from %1$s m where m.%2$I is not null%3$s group by 1 having count(*) > 1),
            doubles as (select m.n, m.line, first_value(coalesce(m.line, m.n)) over w as first, row_number() over w as k from %1$s m join twice t on t.value = m.%2$I window w as (partition by m.%2$I order by m.n > $2, coalesce(m.line, m.n), m.n)),
            told as (
                insert into martlet_data.audience_rejects (audience_id, n, line, field, problem)
                select $1, d.n, d.line, %2$L, format('is the same as in row %%s: each gets one message', d.first) from doubles d where d.k > 1 returning n)
            delete from %1$s m using told t where m.n = t.n $q$, v_table, v_column,
            case when v_checked = 0 then '' else format(' and m.%1$I in (select y.%1$I from %2$s y where y.n > $2)', v_column, v_table) end) using p_id, v_checked;
    end loop;
    if v_checked = 0 then
        execute format('create unique index on %s (n)', v_table);
        -- Not unique: what is added later is put in first, and doubles are taken out and reported.
        execute format('create index on %s (person)', v_table);
    end if;
    execute format($q$
        update martlet_data.audiences a set checked = coalesce(c.last, a.checked), members = a.members + c.members, changed_at = clock_timestamp(),
            rejected = (select count(*) from martlet_data.audience_rejects r where r.audience_id = a.id)
        from (select max(n) as last, count(*) as members from %s where n > $2) c where a.id = $1 $q$, v_table) using p_id, v_checked;
end $_$;

ALTER FUNCTION martlet_data.check_audience(p_id integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.check_json(p_field text, p_value jsonb, p_limit integer, p_place text DEFAULT ''::text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $_$
declare
    v_code text := case p_field when 'variables' then 'MT006' else 'MT010' end;
    v_size bigint := pg_column_size(p_value);
begin
    if p_value is null or jsonb_typeof(p_value) <> 'object' then
        raise exception '%field %: must be a JSON object, not %', p_place, p_field, coalesce(jsonb_typeof(p_value), 'null') using errcode = v_code,
            hint = case p_field when 'variables' then 'Pass {} when the template needs none.' else 'Leave it out if there are none.' end;
    elsif v_size > 6 * p_limit then
        raise exception '%field %: % bytes, the limit is %', p_place, p_field, v_size, p_limit using errcode = v_code,
            hint = 'Pass only what the template shows; put the rest behind a link.';
    elsif jsonb_path_exists(p_value, 'strict $.**{32} ? (@.type() == "object" || @.type() == "array")') then
        raise exception '%field %: more than 32 levels of nesting', p_place, p_field using errcode = v_code, hint = 'Pass only what the template shows, flat.';
    elsif exists (select from jsonb_path_query(p_value, 'strict $.** ? (@.type() == "number")') n where length(n::text) > 400) then
        raise exception '%field %: a number of more than 400 digits, written out', p_place, p_field using errcode = v_code,
            hint = 'Pass it as a text, such as "1e1000", or shorter.';
    elsif octet_length(p_value::text) > p_limit then
        raise exception '%field %: % bytes, the limit is %', p_place, p_field, octet_length(p_value::text), p_limit using errcode = v_code,
            hint = 'Pass only what the template shows; put the rest behind a link.';
    end if;
end $_$;

ALTER FUNCTION martlet_data.check_json(p_field text, p_value jsonb, p_limit integer, p_place text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.check_leases(p_found bigint, p_wanted bigint, p_found_ids bigint, p_wanted_ids bigint) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
begin
    if p_found <> p_wanted or p_found_ids is distinct from p_wanted_ids then
        raise exception '% of % messages are no longer leased by this claim', p_wanted - p_found, p_wanted using errcode = 'MT901';
    end if;
end $$;

ALTER FUNCTION martlet_data.check_leases(p_found bigint, p_wanted bigint, p_found_ids bigint, p_wanted_ids bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.check_template(p_class text, p_channel text, p_template text, p_variables jsonb, p_locale text, p_sender text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
declare
    v_class    record;
    v_locale   text := nullif(p_locale, '');
    v_found    record;
    v_locales  text[];
    v_required text[];
    v_missing  text[];
begin
    select c.required, c.sender into v_class from martlet_data.classes c where c.name = p_class and c.retired_at is null;
    if v_locale is null then
        select s.default_locale into v_locale from martlet_data.senders s
            where s.retired_at is null and case when coalesce(p_sender, v_class.sender) is null then s.is_default else s.key = coalesce(p_sender, v_class.sender) end;
    end if;
    if v_locale is not null then
        select t.locale, t.required into v_found from unnest(martlet_data.locale_fallbacks(v_locale)) with ordinality f(locale, n)
            join martlet_data.templates t on t.locale = f.locale and t.key = p_template and t.channel = p_channel and t.retired_at is null
            order by f.n, t.version desc limit 1;
        if not found then
            v_locales := array(select distinct t.locale from martlet_data.templates t where t.key = p_template and t.channel = p_channel and t.retired_at is null order by 1);
            raise exception 'field locale: template % has no text on channel % for locale %, and none called default', p_template, p_channel,
                    quote_literal(v_locale) || case when nullif(p_locale, '') is null then ' of its sender' else '' end
                using errcode = 'MT026', hint = format('%sIt has: %s. Pass one of these, push a text for this locale or a default one, or pass check_template => false if it is pushed later.',
                    martlet_data.did_you_mean(v_locale, v_locales), array_to_string(v_locales[:30], ', '));
        end if;
        v_required := v_found.required;
    else
        -- The sender's locale is not known: what every text requires.
        v_required := array(select r.name from (select distinct on (t.locale) t.required from martlet_data.templates t
                where t.key = p_template and t.channel = p_channel and t.retired_at is null order by t.locale, t.version desc) t, unnest(t.required) r(name)
            group by r.name having count(*) = (select count(distinct t.locale) from martlet_data.templates t where t.key = p_template and t.channel = p_channel and t.retired_at is null));
    end if;
    v_missing := array(select distinct r.name from unnest(v_required || v_class.required) r(name)
        where r.name <> 'confirm_url' and not coalesce(martlet_data.is_given(p_variables #> string_to_array(r.name, '.')), false) order by 1);
    if v_missing <> '{}' then
        raise exception 'field variables: % % missing or empty, which %', array_to_string(v_missing[:20], ', '), case cardinality(v_missing) when 1 then 'is' else 'are' end,
                case when v_missing <@ coalesce(v_class.required, '{}') then 'class ' || p_class || ' requires'
                    when v_missing && coalesce(v_class.required, '{}') and not v_missing <@ v_required then 'template ' || p_template || ' and class ' || p_class || ' require'
                    else 'template ' || p_template || ' requires' end
            using errcode = 'MT025', detail = 'Given: ' || coalesce((select string_agg(k, ', ' order by k) from (select k from jsonb_object_keys(p_variables) k order by k limit 20) k), 'none') || '.',
                hint = (select coalesce(string_agg(distinct martlet_data.did_you_mean(k, v_missing), ''), '') from (select k from jsonb_object_keys(p_variables) k
                        where k <> all (v_required || v_class.required) order by k limit 20) k)
                    || 'Pass all of them, or check_template => false if a template that needs fewer is pushed later.';
    end if;
end $$;

ALTER FUNCTION martlet_data.check_template(p_class text, p_channel text, p_template text, p_variables jsonb, p_locale text, p_sender text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.check_text(p_field text, p_value text, p_limit integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
    if length(p_value) > p_limit or p_value = '' or p_value ~ '[[:cntrl:]]' then
        raise exception 'field %: must be 1 … % characters without control characters', p_field, p_limit
            using errcode = 'MT010', hint = format('Shorten or correct %s, or leave it out.', p_field);
    end if;
end $$;

ALTER FUNCTION martlet_data.check_text(p_field text, p_value text, p_limit integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.check_times(p_scheduled timestamp with time zone, p_expires timestamp with time zone, p_now timestamp with time zone, p_class text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
declare
    v_within interval;
begin
    if p_scheduled > p_now then
        v_within := (select c.schedule_within from martlet_data.classes c where c.name = p_class and c.retired_at is null);
    end if;
    if p_scheduled < p_now - interval '24 hours' then
        raise exception 'field scheduled_at: % is more than 24 hours ago', p_scheduled using errcode = 'MT007',
            hint = 'Leave it out to send at once.';
    elsif p_scheduled > p_now + v_within then
        raise exception 'field scheduled_at: % is more than % from now, and class % may be scheduled no further ahead', p_scheduled, justify_hours(v_within), p_class using errcode = 'MT007',
            hint = 'Enqueue it nearer to its time; the limit is schedule_within in Config/policy/classes.yaml.';
    elsif p_expires <= greatest(p_now, p_scheduled) then
        raise exception 'field expires_at: % is not after %', p_expires, case when p_scheduled > p_now then 'scheduled_at' else 'now' end using errcode = 'MT007',
            hint = 'Leave it out for the class''s time to live, or pass a later time.';
    elsif p_expires > greatest(p_now, p_scheduled) + interval '366 days' then
        raise exception 'field expires_at: % is more than 366 days after it may be sent', p_expires using errcode = 'MT007',
            hint = 'Leave it out for the class''s time to live, or pass an earlier time.';
    end if;
end $$;

ALTER FUNCTION martlet_data.check_times(p_scheduled timestamp with time zone, p_expires timestamp with time zone, p_now timestamp with time zone, p_class text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.check_unusual(variables jsonb, headers jsonb, v_expires timestamp with time zone, scheduled_at timestamp with time zone, recipient_key text, locale text, tier text, group_key text, idempotency_key text, traceparent text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    perform martlet_data.check_json('variables', variables, 65536);
    perform martlet_data.check_text('recipient_key', recipient_key, 256);
    perform martlet_data.check_text('locale', locale, 35);
    perform martlet_data.check_text('tier', tier, 64);
    perform martlet_data.check_text('group_key', group_key, 256);
    perform martlet_data.check_text('idempotency_key', idempotency_key, 256);
    perform martlet_data.check_text('traceparent', traceparent, 64);
    if headers is not null then
        perform martlet_data.check_json('headers', headers, 8192);
    end if;
end $$;

ALTER FUNCTION martlet_data.check_unusual(variables jsonb, headers jsonb, v_expires timestamp with time zone, scheduled_at timestamp with time zone, recipient_key text, locale text, tier text, group_key text, idempotency_key text, traceparent text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.close_runs() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_closed int;
begin
    with done as (select r.id from martlet_data.runs r where r.is_open and not exists (select from martlet_data.run_chunks c where c.run_id = r.id and c.released_at is null) for update skip locked)
    update martlet_data.runs r set is_open = false from done d where r.id = d.id;
    get diagnostics v_closed = row_count;
    return v_closed;
end $$;

ALTER FUNCTION martlet_data.close_runs() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.commit_durably() RETURNS void
    LANGUAGE sql
    AS $$
    select pg_catalog.set_config('synchronous_commit', 'on', true) where pg_catalog.current_setting('synchronous_commit') not in ('on', 'remote_apply') $$;

ALTER FUNCTION martlet_data.commit_durably() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.confirm_consents(p_message_ids bigint[], p_method text, p_addresses text[] DEFAULT '{}'::text[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_results text[] := '{}';
    v_status text;
    s record;
begin
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_agg(k.place), array_agg(k.hash)) from (
        select 7340013 as place, pg_catalog.hashtext(martlet_data.address_key(a)) as hash from unnest(p_addresses) a
        union select 7340013, pg_catalog.hashtext(martlet_data.person_key(m.recipient_key)) from martlet_data.messages m where m.id = any (p_message_ids)
        union select martlet_data.opt_out_place(1400000000, c.name, 'all'), pg_catalog.hashtext(martlet_data.person_key(m.recipient_key))
            from martlet_data.messages m join martlet_data.channels c on c.id = m.channel_id where m.id = any (p_message_ids)) k
        having count(*) > 0;
    for i in 1 .. cardinality(p_message_ids) loop
        select m.recipient_key, x.channel, t.confirms, x.until, format('template %s/%s.%s v%s', x.template, x.locale, x.channel, x.version) as wording into s
            from martlet_data.surveys x
            join martlet_data.templates t on t.key = x.template and t.channel = x.channel and t.locale = x.locale and t.version = x.version
            join martlet_data.messages m on m.id = x.message_id
            where x.message_id = p_message_ids[i] and t.confirms is not null;
        if not found then
            v_results := v_results || null::text;
            continue;
        end if;
        select c.status into v_status from martlet_data.consents c
            where c.person_key = martlet_data.person_key(s.recipient_key) and c.channel = s.channel and c.purpose = s.confirms order by c.id desc limit 1;
        if not found or v_status = 'withdrawn' then
            v_results := v_results || 'nothing'::text;
        elsif v_status = 'granted' then
            v_results := v_results || 'again'::text;
        elsif s.until < clock_timestamp() then
            v_results := v_results || 'late'::text;
        else
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
                values (s.recipient_key, s.channel, s.confirms, 'granted', p_method, s.wording);
            v_results := v_results || 'granted'::text;
        end if;
    end loop;
    return v_results;
end $$;

ALTER FUNCTION martlet_data.confirm_consents(p_message_ids bigint[], p_method text, p_addresses text[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.count_day(p_day date) RETURNS double precision
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION martlet_data.count_day(p_day date) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.create_partitions(p_days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
        begin -- each day by itself: one that cannot be made (rows of it came into a default partition before) keeps no other from being made
            v_from := martlet_data.first_id(v_day::timestamp at time zone 'UTC');
            v_until := martlet_data.first_id((v_day + 1)::timestamp at time zone 'UTC');
            foreach v_parent in array array['messages', 'attempts', 'receipts', 'message_links'] loop
                execute format('create table martlet_data.%s_%s (like martlet_data.%1$s including defaults including comments including storage)', v_parent, to_char(v_day, 'YYYYMMDD'));
                execute format('alter table martlet_data.%s attach partition martlet_data.%1$s_%s for values from (%s) to (%s)', v_parent, to_char(v_day, 'YYYYMMDD'), v_from, v_until);
            end loop;
            execute format('create table martlet_data.carrier_ids_%s (like martlet_data.carrier_ids including defaults including comments including storage)', to_char(v_day, 'YYYYMMDD'));
            execute format('alter table martlet_data.carrier_ids attach partition martlet_data.carrier_ids_%s for values from (%L) to (%L)', to_char(v_day, 'YYYYMMDD'),
                v_day::timestamp at time zone 'UTC', (v_day + 1)::timestamp at time zone 'UTC');
            v_made := v_made + 1;
        exception when others then
            raise warning 'the partitions of % cannot be made: %', v_day, sqlerrm;
        end;
    end loop;
    return v_made;
end $_$;

ALTER FUNCTION martlet_data.create_partitions(p_days integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.day_held_by(p_day date, p_waiting_only boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_from bigint := martlet_data.first_id(p_day::timestamp at time zone 'UTC');
    v_until bigint := martlet_data.first_id((p_day + 1)::timestamp at time zone 'UTC');
    v_suffix text := to_char(p_day, 'YYYYMMDD');
    v_last timestamptz;
    v_id bigint;
    v_count bigint;
begin
    if not p_waiting_only then
        execute format('select m.id, m.expires_at from martlet_data.messages_%s m order by m.expires_at desc limit 1', v_suffix) into v_id, v_last;
        if v_last >= clock_timestamp() then
            return format('a message has not expired before %s (message %s)', v_last, v_id);
        end if;
        -- A link works as long as it was promised to.
        if to_regclass('martlet_data.message_links_' || v_suffix) is not null then
            execute format('select l.message_id, l.expires_at from martlet_data.message_links_%s l order by l.expires_at desc limit 1', v_suffix) into v_id, v_last;
            if v_last >= clock_timestamp() then
                return format('a link does not expire before %s (message %s)', v_last, v_id);
            end if;
        end if;
    end if;
    select min(w.message_id), count(*) into v_id, v_count from (
        select r.message_id from martlet_data.ready r where r.message_id >= v_from and r.message_id < v_until
        union all select d.message_id from martlet_data.due d where d.message_id >= v_from and d.message_id < v_until
        union all select l.message_id from martlet_data.leased l where l.message_id >= v_from and l.message_id < v_until) w;
    if v_count > 0 then
        return format('messages still waiting: %s, the first is %s', v_count, v_id);
    end if;
    select min(d.message_id), count(*) into v_id, v_count from martlet_data.dead_letters d where d.message_id >= v_from and d.message_id < v_until;
    if v_count > 0 then
        return format('dead letters kept: %s, the first is %s', v_count, v_id);
    end if;
    return null;
end $$;

ALTER FUNCTION martlet_data.day_held_by(p_day date, p_waiting_only boolean) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.days_to_count(p_limit integer) RETURNS SETOF date
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select p.day from (
        select to_date(substr(c.relname, 10), 'YYYYMMDD') as day from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'martlet_data' and c.relname ~ '^messages_[0-9]{8}$' and c.relkind = 'r') p
    left join martlet_data.report_days k on k.day = p.day
    where p.day <= (clock_timestamp() at time zone 'UTC')::date and (k.counted_at is null
        or clock_timestamp() > k.counted_at + greatest(interval '20 seconds', k.took * 50) and p.day >= (clock_timestamp() at time zone 'UTC')::date - 1
        or clock_timestamp() > k.counted_at + greatest(interval '10 minutes', k.took * 50)
            and (k.inserted <> martlet_data.inserted_on(p.day) or k.counted_at < (p.day + 1)::timestamp at time zone 'UTC' + interval '1 hour'))
    order by p.day limit p_limit $_$;

ALTER FUNCTION martlet_data.days_to_count(p_limit integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.decide_follow_ups(p_limit integer) RETURNS TABLE(decision text, decisions bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
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

ALTER FUNCTION martlet_data.decide_follow_ups(p_limit integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.did_you_mean(p_word text, p_known text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
declare
    v_word text := coalesce(lower(replace(left(p_word, 64), '-', '_')), '');
    v_reach int := case when length(p_word) <= 4 then 1 else 2 end;
    v_best text;
    v_least int := v_reach + 1;
    v_known text;
    v_other text;
    v_before int[];
    v_last int[];
    v_row int[];
    v_cost int;
begin
    for v_known in select k from unnest(p_known[:5000]) k where abs(length(k) - length(v_word)) <= v_reach order by k loop
        v_other := lower(replace(v_known, '-', '_'));
        v_last := array(select generate_series(0, length(v_other)));
        v_before := v_last;
        for i in 1 .. length(v_word) loop
            v_row := array[i];
            for j in 1 .. length(v_other) loop
                v_cost := least(v_last[j] + (substr(v_word, i, 1) <> substr(v_other, j, 1))::int, v_last[j + 1] + 1, v_row[j] + 1);
                if i > 1 and j > 1 and substr(v_word, i, 1) = substr(v_other, j - 1, 1) and substr(v_word, i - 1, 1) = substr(v_other, j, 1) then
                    v_cost := least(v_cost, v_before[j - 1] + 1);
                end if;
                v_row := v_row || v_cost;
            end loop;
            v_before := v_last;
            v_last := v_row;
        end loop;
        if v_last[length(v_other) + 1] < v_least then
            v_least := v_last[length(v_other) + 1];
            v_best := v_known;
        end if;
    end loop;
    return coalesce('Did you mean ' || v_best || '? ', '');
end $$;

ALTER FUNCTION martlet_data.did_you_mean(p_word text, p_known text[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.discard_as(p_actor text, p_job bigint, message_id bigint, why text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    v_reason text;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    delete from martlet_data.dead_letters l where l.message_id = discard_as.message_id returning l.reason into v_reason;
    if not found then
        raise exception 'message % is not a dead letter', message_id using errcode = 'MT012', hint = 'List them with "martlet dead-letters list".';
    end if;
    insert into martlet_data.receipts (message_id, kind, code, detail, actor) values (message_id, 'discarded', v_reason, why, p_actor);
    insert into martlet_data.audit (actor, action, object, why, detail) values (p_actor, 'discard', message_id::text, why,
        jsonb_build_object('reason', v_reason) || case when p_job is null then '{}' else jsonb_build_object('job', p_job::text) end);
end $$;

ALTER FUNCTION martlet_data.discard_as(p_actor text, p_job bigint, message_id bigint, why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.disk_facts(OUT database_bytes bigint, OUT log_bytes bigint, OUT log_most bigint, OUT archive_fails interval) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
begin
    database_bytes := pg_database_size(current_database());
    -- The privilege is asked for first, because a plan that names the function fails without it.
    if has_function_privilege('pg_ls_waldir()', 'execute') then
        execute 'select coalesce(sum(f.size), 0) from pg_ls_waldir() f' into log_bytes;
    end if;
    log_most := pg_size_bytes(current_setting('max_wal_size')) + pg_size_bytes(current_setting('wal_keep_size'));
    if current_setting('archive_mode') <> 'off' then
        select clock_timestamp() - a.last_failed_time into archive_fails from pg_stat_archiver a
            where a.last_failed_time > coalesce(a.last_archived_time, '-infinity');
    end if;
end $$;

ALTER FUNCTION martlet_data.disk_facts(OUT database_bytes bigint, OUT log_bytes bigint, OUT log_most bigint, OUT archive_fails interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.drop_members(p_keep interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $$
declare
    v_table text;
    v_gone  int := 0;
begin
    for v_table in
        select martlet_data.members_table('audience', a.id) from martlet_data.audiences a
            where a.state <> 'ready' and a.changed_at < clock_timestamp() - interval '1 day' and not exists (select from martlet_data.runs r where r.audience_id = a.id and r.is_open)
        union all select martlet_data.members_table('run', r.id) from martlet_data.runs r where not r.is_open and r.created_at < clock_timestamp() - p_keep loop
        continue when to_regclass(v_table) is null;
        begin
            execute format('drop table %s', v_table);
            v_gone := v_gone + 1;
        exception when lock_not_available then null;
        end;
    end loop;
    return v_gone;
end $$;

ALTER FUNCTION martlet_data.drop_members(p_keep interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.drop_partitions(p_day date) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_suffix text := to_char(p_day, 'YYYYMMDD');
    v_reason text;
    v_parent text;
begin
    if to_regclass('martlet_data.messages_' || v_suffix) is null then
        return 'no such partition';
    end if;
    perform set_config('lock_timeout', '200ms', true);
    v_reason := martlet_data.day_held_by(p_day);
    if v_reason is not null then
        return v_reason;
    end if;
    begin
        -- First the lock, then the look: an enqueue or a move that is still open holds a conflicting one.
        execute format('lock table martlet_data.messages_%s in access exclusive mode', v_suffix);
    exception when lock_not_available then return 'in use';
    end;
    v_reason := martlet_data.day_held_by(p_day, true);
    if v_reason is not null then
        return v_reason;
    end if;
    begin
        foreach v_parent in array array['messages', 'attempts', 'receipts', 'message_links', 'carrier_ids'] loop
            execute format('drop table if exists martlet_data.%s_%s', v_parent, v_suffix);
        end loop;
    exception when lock_not_available then return 'in use';
    end;
    delete from martlet_data.report_counts c where c.slice >= p_day::timestamp at time zone 'UTC' and c.slice < (p_day + 1)::timestamp at time zone 'UTC';
    delete from martlet_data.report_days k where k.day = p_day;
    delete from martlet_data.report_dead k where k.message_id >= martlet_data.first_id(p_day::timestamp at time zone 'UTC')
        and k.message_id < martlet_data.first_id((p_day + 1)::timestamp at time zone 'UTC');
    return 'dropped';
end $$;

ALTER FUNCTION martlet_data.drop_partitions(p_day date) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.drop_visit() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    delete from martlet_data.link_visits v where v.id = (
        select r.id from martlet_data.link_visits r where r.at < clock_timestamp() - interval '3 seconds' order by r.id limit 1 for update skip locked)
    returning v.message_id $$;

ALTER FUNCTION martlet_data.drop_visit() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.end_job(p_job bigint, p_by text, p_why text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    update martlet_data.jobs j set state = case when p_why is null then 'finished' else 'stopped' end, ended_at = clock_timestamp(), stopped_by = p_by, stop_why = p_why,
            options = case when j.options ? 'variables' then j.options - 'variables' || '{"edited_variables": true}' else j.options end
        where j.id = p_job and j.state = 'running';
    return found;
end $$;

ALTER FUNCTION martlet_data.end_job(p_job bigint, p_by text, p_why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.enter_audience(p_journey text, p_after bigint, p_limit integer, OUT last bigint, OUT entered bigint, OUT looked bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    j      martlet_data.journeys := martlet_data.known_journey(p_journey);
    v_list int;
begin
    if j.audience is null then
        raise exception 'field journey: % is entered by an event, not by an audience', quote_literal(p_journey) using errcode = 'MT036', hint = 'Name a recipient, or write entry: {audience: NAME} in its file.';
    end if;
    select a.id into v_list from martlet_data.audiences a where a.name = j.audience and a.state = 'ready';
    if not found then
        raise exception 'field audience: there is no audience %', quote_literal(j.audience) using errcode = 'MT020', hint = 'Make it first: martlet audiences create. martlet audiences list shows those that there are.';
    end if;
    execute format($q$
        with people as materialized (select * from %s a where a.n > $1 order by a.n limit $2),
        seen as materialized (
            select p.n, martlet_data.enter_journey($3, p.person, (coalesce(p.variables::jsonb, '{}') || jsonb_strip_nulls(jsonb_build_object('sms', p.sms, 'email', p.email, 'addresses', p.addresses,
                'locale', p.locale, 'time_zone', p.time_zone, 'tier', p.tier)))::json) as is_in from people p)
        select max(n), count(*) filter (where is_in), count(*) from seen $q$, martlet_data.members_table('audience', v_list)) into last, entered, looked using coalesce(p_after, 0), p_limit, j.id;
    if entered > 0 then
        insert into martlet_data.audit (action, object, detail) values ('enter_journey', p_journey, jsonb_build_object('audience', j.audience, 'entered', entered));
    end if;
end $_$;

ALTER FUNCTION martlet_data.enter_audience(p_journey text, p_after bigint, p_limit integer, OUT last bigint, OUT entered bigint, OUT looked bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.enter_journey(p_journey integer, p_person text, p_data json, p_problem text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now timestamptz := clock_timestamp();
    j     martlet_data.journeys;
    p     martlet_data.journey_people;
begin
    select * into j from martlet_data.journeys o where o.id = p_journey;
    insert into martlet_data.journey_people (journey_id, version, person, step, data, due_at, ended_at, state, reason)
        values (j.id, j.version, p_person, j.first_step, p_data, case when p_problem is null then v_now end, case when p_problem is not null then v_now end,
            case when p_problem is null then 'in' else 'failed' end, p_problem) on conflict do nothing;
    if found then
        return true;
    end if;
    select * into p from martlet_data.journey_people o where o.journey_id = j.id and o.person = p_person for update;
    -- A person who failed at the door has not been in.
    if not found or p_problem is not null or not (j.re_entry = 'always' or j.re_entry = 'after_end' and p.state <> 'in' or p.state = 'failed' and not p.is_waiting and p.failures = 0) then
        return false;
    end if;
    perform martlet_data.cancel_journey_messages(j.id, p_person, null);
    update martlet_data.journey_people o set version = j.version, entry = o.entry + 1, step = j.first_step, is_waiting = false, due_at = v_now, until_at = null, entered_at = v_now,
            ended_at = null, goal_at = null, failures = 0, state = 'in', awaits = null, looks_at = null, reason = null, arrived = '{}', resume_at = null, data = p_data
        where o.journey_id = j.id and o.person = p_person;
    return true;
end $$;

ALTER FUNCTION martlet_data.enter_journey(p_journey integer, p_person text, p_data json, p_problem text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.first_id(p_at timestamp with time zone) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select greatest(0, (extract(epoch from p_at) * 1000)::bigint - 1735689600000) << 22 $$;

ALTER FUNCTION martlet_data.first_id(p_at timestamp with time zone) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.follow_up_settled_by(p_condition text, p_kind text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select p_kind in ('cancelled', 'capped', 'discarded', 'clicked') or p_kind = 'opened' and p_condition <> 'not_clicked'
        or p_kind = 'delivered' and p_condition in ('undelivered', 'not_delivered') $$;

ALTER FUNCTION martlet_data.follow_up_settled_by(p_condition text, p_kind text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.freeze_run(p_run jsonb) RETURNS TABLE(run_id integer, zone smallint, time_zone text, first_place bigint, members bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '128MB'
    AS $_$
#variable_conflict use_column
declare
    a        martlet_data.audiences;
    v_id     int;
    v_table  text;
    v_bounds int[];
    v_held   smallint[];
    v_variant jsonb;
    v_missing text[];
    v_lacking bigint;
begin
    perform martlet_data.commit_durably();
    select * into a from martlet_data.audiences u where u.name = p_run->>'audience' and u.state = 'ready' for key share;
    if not found then
        raise exception 'field audience: there is no audience %', coalesce(quote_literal(p_run->>'audience'), 'null') using errcode = 'MT020', hint = 'Make it with martlet.create_audience or martlet audiences import, or correct the name.';
    elsif a.members = 0 then
        raise exception 'field audience: % has no members', quote_literal(a.name) using errcode = 'MT020', hint = 'See martlet.audience_rejects for what was taken out of it.';
    elsif not exists (select from martlet_data.time_zones z where z.name = p_run->>'fallback_zone') then
        raise exception 'field time_zone: unknown time zone %', coalesce(quote_literal(p_run->>'fallback_zone'), 'null') using errcode = 'MT005', hint = 'Use an IANA name such as Asia/Shanghai.';
    elsif p_run->>'pool' is not null and not exists (select from martlet_data.codes c where c.pool = p_run->>'pool' and c.state = 'free' and (c.valid_until > clock_timestamp()) is not false) then
        raise exception 'field codes: pool % has no free code', quote_literal(p_run->>'pool') using errcode = 'MT023', hint = 'Load some: martlet codes load, or martlet.load_codes.';
    end if;
    for v_variant in select * from jsonb_array_elements(p_run->'variants') loop
        continue when v_variant->>'template' is null;
        if not exists (select from martlet_data.enqueue_places p where p.template = v_variant->>'template' and p.class = p_run->>'class' and p.channel = p_run->>'channel') then
            perform martlet_data.refuse_unknown(p_run->>'class', p_run->>'channel', v_variant->>'template');
        end if;
        -- Of the first people only: enough to find a name that is spelt in another way.
        v_missing := array(select distinct r from (
            select distinct on (t.locale) t.required from martlet_data.templates t where t.key = v_variant->>'template' and t.channel = p_run->>'channel' and t.retired_at is null order by t.locale, t.version desc) t, unnest(t.required) r
            where r <> all (array(select jsonb_object_keys(coalesce(nullif(p_run->'variables', 'null'), '{}'))))  and not (r = p_run->>'code_name' and p_run->>'pool' is not null));
        if v_missing <> '{}' then
            execute format('select count(*) from (select m.variables from %s m order by m.n limit 10000) m where (m.variables::jsonb ?& $1) is not true', martlet_data.members_table('audience', a.id)) into v_lacking using v_missing;
            if v_lacking > 0 then
                raise exception 'field template: % needs the variables %, which % of the first members do not all have', quote_literal(v_variant->>'template'), array_to_string(v_missing, ', '), v_lacking using errcode = 'MT022',
                    hint = 'Put them into the audience''s variables, or into variables of the campaign.';
            end if;
        end if;
    end loop;
    insert into martlet_data.runs (campaign, version, definition, audience_id, seed, class, channel, sender, variables, fallback_zone, window_from, window_until, missed, pool, code_name, goal, pace, members, needs_approval)
        values (p_run->>'campaign', (p_run->>'version')::int, p_run->>'definition', a.id, p_run->>'seed', p_run->>'class', p_run->>'channel', p_run->>'sender', nullif(p_run->'variables', 'null'), p_run->>'fallback_zone',
            (p_run->>'window_from')::smallint, (p_run->>'window_until')::smallint, coalesce(p_run->>'missed', 'tomorrow'), p_run->>'pool', coalesce(p_run->>'code_name', 'code'), p_run->>'goal', (p_run->>'pace')::float8, 0, coalesce((p_run->>'needs_approval')::boolean, false))
        returning id into v_id;
    insert into martlet_data.run_variants (run_id, variant, name, template, share)
        select v_id, n, v->>'name', v->>'template', (v->>'share')::int from jsonb_array_elements(p_run->'variants') with ordinality e(v, n);
    -- Upper bounds of all but the last, and which of them get nothing.
    select array_agg(s.bound order by s.variant), array_agg(s.variant) filter (where s.template is null) into v_bounds, v_held
        from (select r.*, sum(r.share) over (order by r.variant)::int as bound from martlet_data.run_variants r where r.run_id = v_id) s;
    if v_bounds[cardinality(v_bounds)] is distinct from 10000 then
        raise exception 'field variants: the shares add up to % ten-thousandths, not 10000', v_bounds[cardinality(v_bounds)] using errcode = 'MT022', hint = 'Correct the shares.';
    end if;
    v_table := martlet_data.members_table('run', v_id);
    execute format('create table %s (like martlet_data.run_members including defaults including comments including storage) with (fillfactor = 70)', v_table);
    execute format($q$
        insert into %s (run_id, place, n, variant, state, person)
        select $1, row_number() over (order by q.time_zone nulls first, q.n), q.n, q.variant, case when q.variant = any ($4) then 3 else 0 end, q.person
        from (select m.n, m.person, m.time_zone, (width_bucket(martlet_data.bucket_of($2, m.person), $3) + 1)::smallint as variant from %s m where m.n <= $5) q
        $q$, v_table, martlet_data.members_table('audience', a.id)) using v_id, p_run->>'seed', trim_array(v_bounds, 1) || 10001, coalesce(v_held, '{}'), a.checked;
    execute format('create unique index on %s (place)', v_table);
    execute format('create unique index on %s (person)', v_table);
    -- None that holds what a release changes: so its update touches no index.
    execute format('analyze %s', v_table);
    execute format('alter table martlet_data.run_members attach partition %s for values in (%s)', v_table, v_id);
    execute format($q$
        insert into martlet_data.run_zones (run_id, zone, time_zone, is_fallback, first_place, members)
        select $1, row_number() over (order by min(m.place)), coalesce(u.time_zone, $2), u.time_zone is null, min(m.place), count(*)
        from %s m join %s u on u.n = m.n group by u.time_zone $q$, v_table, martlet_data.members_table('audience', a.id)) using v_id, p_run->>'fallback_zone';
    update martlet_data.runs r set members = (select sum(z.members) from martlet_data.run_zones z where z.run_id = v_id) where r.id = v_id;
    return query select z.run_id, z.zone, z.time_zone, z.first_place, z.members from martlet_data.run_zones z where z.run_id = v_id order by z.zone;
end $_$;

ALTER FUNCTION martlet_data.freeze_run(p_run jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.has_trunk_prefix(p_address text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
begin
    return substr(p_address, case when substr(p_address, 2, 1) in ('1', '7') then 3
            when position(substr(p_address, 2, 2) in '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98') > 0 then 4
            else 5 end, 1) = '0'
        or left(p_address, 3) = '+78' and length(p_address) = 13 or left(p_address, 5) = '+3758' and length(p_address) = 14
        or left(p_address, 5) in ('+9938', '+6921') and length(p_address) in (12, 13);
end $$;

ALTER FUNCTION martlet_data.has_trunk_prefix(p_address text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.hold_from_admit(p_places integer[], p_hashes integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    v_held int := coalesce(nullif(current_setting('martlet.opt_outs', true), ''), '0')::int + cardinality(p_places);
begin
    perform pg_advisory_xact_lock_shared(7340009, 0);
    perform pg_advisory_xact_lock(k.place, k.hash) from (
        select distinct case when v_held > 1024 then 7340012 else i.place end as place, case when v_held > 1024 then i.hash & 1023 else i.hash end as hash
        from unnest(p_places, p_hashes) i(place, hash) order by 1, 2 offset 0) k;
    perform set_config('martlet.opt_outs', v_held::text, true);
    if exists (select from martlet_data.sessions s where not s.sees_opt_outs and s.ended_at is null and s.fenced_at is null
            and s.beat_at > clock_timestamp() - interval '1 minute') then
        perform martlet_data.lock_bucket(b.bucket) from (select distinct h & 255 as bucket from unnest(p_hashes) h order by 1 offset 0) b;
        return;
    end if;
    begin
        perform martlet_data.lock_bucket(b.bucket) from (select distinct h & 255 as bucket from unnest(p_hashes) h order by 1 offset 0) b;
        raise exception 'no Admit is under way that may not have seen this' using errcode = 'MT902';
    exception when sqlstate 'MT902' then
        null; -- the locks of this block are gone
    end;
end $$;

ALTER FUNCTION martlet_data.hold_from_admit(p_places integer[], p_hashes integer[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.inserted_on(p_day date) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select coalesce(sum(pg_stat_get_tuples_inserted(to_regclass(format('martlet_data.%s_%s', t, to_char(p_day, 'YYYYMMDD'))))), 0)::bigint
    from unnest(array['messages', 'attempts', 'receipts']) t $$;

ALTER FUNCTION martlet_data.inserted_on(p_day date) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.international_phone(p_digits text, p_has_zero_in_brackets boolean, p_is_strict boolean) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    AS $_$
declare
    v_plan record;
    v_rest text;
    v_short text;
    v_masks text[];
begin
    if p_digits !~ '^[1-9][0-9]{6,16}$' then
        return null;
    end if;
    select p.* into v_plan from martlet_data.numbering_plans p where starts_with(p_digits, p.code);
    if found then
        v_rest := substr(p_digits, 1 + length(v_plan.code));
        v_masks := string_to_array(concat_ws(' ', v_plan.mobile, nullif(v_plan.other, '')), ' ');
        if not v_rest like any (v_masks) then
            -- Behind 00 a 1 1 is no +1 with its trunk prefix, but the beginning of 0011.
            if v_plan.trunk <> '' and starts_with(v_rest, v_plan.trunk) and not (p_is_strict and v_plan.code = '1') then
                v_short := substr(v_rest, 1 + length(v_plan.trunk));
            elsif p_has_zero_in_brackets and not v_plan.has_zero and left(v_rest, 1) = '0' then
                v_short := substr(v_rest, 2);
            end if;
            if v_short like any (v_masks)
                or left(v_short, 1) <> '0' and length(v_short) = any (v_plan.lengths) and (v_plan.trunk = '0' or length(v_rest) <> all (v_plan.lengths)) then
                v_rest := v_short;
            end if;
            if p_is_strict and (left(v_rest, 1) = '0' and not v_plan.has_zero or v_plan.code = '1' and v_rest < '2' or length(v_rest) <> all (v_plan.lengths)) then
                return null;
            end if;
        end if;
        p_digits := v_plan.code || v_rest;
    elsif p_is_strict then
        return null;
    end if;
    return case when length(p_digits) between 7 and 15 then '+' || p_digits end;
end $_$;

ALTER FUNCTION martlet_data.international_phone(p_digits text, p_has_zero_in_brackets boolean, p_is_strict boolean) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.is_admin() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ select pg_has_role(session_user, 'martlet_admin', 'member') $$;

ALTER FUNCTION martlet_data.is_admin() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.is_e164(p_address text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select p_address >= '+12' collate "C" and p_address < '+:' collate "C" and length(p_address) between 8 and 16 and ltrim(substr(p_address, 2), '0123456789') = ''
        and (position('0' in substr(p_address, 3, 3)) = 0 and left(p_address, 3) not in ('+78', '+37', '+99', '+69') or not martlet_data.has_trunk_prefix(p_address)) $$;

ALTER FUNCTION martlet_data.is_e164(p_address text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.is_given(p_value jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
    select case jsonb_typeof(p_value) when 'string' then p_value #>> '{}' !~ U&'^[\0001-\0020\0085\00A0\00AD\034F\061C\115F\1160\1680\17B4\17B5\180B-\180F\2000-\200F\2028-\202F\205F-\206F\3000\3164\FE00-\FE0F\FEFF\FFA0\FFF0-\FFF8\+01BCA0-\+01BCA3\+01D173-\+01D17A\+0E0000-\+0E0FFF]*$'
        when 'object' then p_value <> '{}' when 'array' then p_value <> '[]' when 'null' then false else p_value is not null end $_$;

ALTER FUNCTION martlet_data.is_given(p_value jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.is_jsonb(p_text text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform p_text::jsonb;
    return true;
exception when data_exception then
    return false;
end $$;

ALTER FUNCTION martlet_data.is_jsonb(p_text text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.is_plain(p_text text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select case when octet_length(p_text) = length(p_text) and octet_length(to_json(p_text)::text) = length(p_text) + 2 then position(chr(127) in p_text) = 0
        else p_text !~ '[[:cntrl:]]' end $$;

ALTER FUNCTION martlet_data.is_plain(p_text text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.is_published(p_type text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ select exists (select from martlet_data.webhook_endpoints e where p_type = any (e.events)) $$;

ALTER FUNCTION martlet_data.is_published(p_type text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.iso_time(p_at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

ALTER FUNCTION martlet_data.iso_time(p_at timestamp with time zone) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.journey_data(p_recipient_key text, p_data jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case when left(p_recipient_key, 1) = '+' then jsonb_build_object('sms', p_recipient_key) when position('@' in p_recipient_key) > 1 then jsonb_build_object('email', p_recipient_key)
        else '{}' end || coalesce(p_data, '{}') $$;

ALTER FUNCTION martlet_data.journey_data(p_recipient_key text, p_data jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.json_from(p_field text, p_value text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT
    AS $$
begin
    return p_value::jsonb;
exception
    when data_exception then
        raise exception 'field %: not JSON: %', p_field, sqlerrm using errcode = case p_field when 'variables' then 'MT006' else 'MT010' end, hint = 'Pass a JSON object.';
    when program_limit_exceeded then
        raise exception 'field %: nested too deeply', p_field using errcode = case p_field when 'variables' then 'MT006' else 'MT010' end, hint = 'Pass at most 32 levels.';
end $$;

ALTER FUNCTION martlet_data.json_from(p_field text, p_value text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.judge_visits(p_limit integer) RETURNS TABLE(kind text, code text, visits bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
#variable_conflict use_column
begin
    -- Nearly always there is none, and planning for all partitions would cost more than the look. Kept, the plan is made once a session.
    if not exists (select from martlet_data.link_visits v where v.at < clock_timestamp() - interval '3 seconds') then
        return;
    end if;
    return query
    with ripe as materialized (
        select v.id, v.at, v.message_id, v.link, v.machine from martlet_data.link_visits v
        where v.at < clock_timestamp() - interval '3 seconds' order by v.id limit p_limit for update skip locked),
    gone as (delete from martlet_data.link_visits v where v.id = any (array(select r.id from ripe r))),
    seen as materialized (
        select r.id, r.at, r.message_id, r.link, r.machine, m.id is not null as is_there, case when h.name = 'email' then interval '5 seconds' else interval '2 seconds' end as soon
        from ripe r left join martlet_data.messages m on m.id = r.message_id left join martlet_data.channels h on h.id = m.channel_id),
    judged as materialized (
        select s.message_id, s.link, s.at, s.is_there, coalesce(s.machine, case
            when not exists (select from martlet_data.attempts a where a.message_id = s.message_id and a.admitted_at <= s.at)
                or exists (
                    select from martlet_data.attempts a
                    left join lateral (select min(x.at) as at from martlet_data.receipts x where x.message_id = a.message_id and x.attempt = a.attempt and x.kind = 'accepted') t on true
                    where a.message_id = s.message_id and a.admitted_at <= s.at and s.at < coalesce(t.at, a.admitted_at) + s.soon) then 'too_soon'
            when s.link > 0 and (
                exists (select from martlet_data.link_visits o where o.message_id = s.message_id and o.link > 0 and o.link <> s.link
                    and o.at between s.at - interval '1 second' and s.at + interval '1 second')
                or exists (select from martlet_data.receipts x where x.message_id = s.message_id and x.kind in ('clicked', 'prefetched') and x.part > 0 and x.part <> s.link
                    and x.at between s.at - interval '1 second' and s.at + interval '1 second')) then 'burst' end) as code
        from seen s),
    worded as materialized (
        select j.message_id, j.link, j.at, case when j.is_there then j.code end as code, case when not j.is_there then 'gone' when j.code is not null then 'prefetched' when j.link = 0 then 'opened' else 'clicked' end as kind
        from judged j),
    written as (
        insert into martlet_data.receipts (message_id, at, kind, attempt, code, part)
        select w.message_id, w.at, w.kind, 0, w.code, w.link
        from (select distinct on (message_id, link, kind) * from worded where worded.kind <> 'gone' order by message_id, link, kind, at) w
        on conflict do nothing returning message_id, kind, attempt, code),
    -- Each first hit makes one event: one that is there already made its event when it came. A machine's hit makes none.
    told as materialized (
        select martlet_data.publish_receipts(array_agg(n.kind), array_agg(n.message_id), array_agg(n.attempt), array_agg(null::text), array_agg(n.code)) as events
        from written n where n.kind in ('clicked', 'opened') and martlet_data.is_published('message.' || n.kind) having count(*) > 0)
    select w.kind, coalesce(w.code, ''), count(*) from worded w left join told on true group by w.kind, coalesce(w.code, '');
end $$;

ALTER FUNCTION martlet_data.judge_visits(p_limit integer) OWNER TO martlet_owner;

COMMENT ON FUNCTION martlet_data.judge_visits(p_limit integer) IS 'Receipts of links have attempt 0: the text is the same in every attempt. Their part is the link''s place, 0 for the picture.';

CREATE FUNCTION martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.known_address(p_channel text, p_recipient text) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
declare
    v_kind text;
    v_address text;
    v_country text;
begin
    select c.address_kind into v_kind from martlet_data.channels c where c.name = p_channel and c.retired_at is null;
    if not found then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(p_channel), 'null') using errcode = 'MT002', hint = (select martlet_data.did_you_mean(p_channel, array_agg(c.name)) || 'Known channels: ' || string_agg(c.name, ', ' order by c.name) || '.'
            from martlet_data.channels c where c.retired_at is null);
    end if;
    v_country := (select s.default_country from martlet_data.senders s where s.is_default and s.retired_at is null);
    v_address := martlet_data.normalise_address(v_kind, p_recipient, v_country);
    if v_address is null then
        perform martlet_data.refuse_address(v_kind, p_recipient, v_country);
    end if;
    return v_address;
end $$;

ALTER FUNCTION martlet_data.known_address(p_channel text, p_recipient text) OWNER TO martlet_owner;

CREATE TABLE martlet_data.journeys (
    id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    re_entry text NOT NULL COLLATE pg_catalog."C",
    audience text COLLATE pg_catalog."C",
    first_step text NOT NULL COLLATE pg_catalog."C",
    owner text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    paused_at timestamp with time zone,
    paused_by text COLLATE pg_catalog."C",
    pause_reason text,
    CONSTRAINT journeys_re_entry_check CHECK ((re_entry = ANY (ARRAY['never'::text, 'after_end'::text, 'always'::text])))
);

ALTER TABLE martlet_data.journeys OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.journeys.version IS 'The newest: people enter this one, and keep theirs until they are moved.';

COMMENT ON COLUMN martlet_data.journeys.owner IS 'The producer of its messages: the role that applied it first.';

CREATE FUNCTION martlet_data.known_journey(p_name text) RETURNS martlet_data.journeys
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    j martlet_data.journeys;
begin
    select * into j from martlet_data.journeys o where o.name = p_name for no key update;
    if not found then
        raise exception 'field journey: there is no journey %', coalesce(quote_literal(p_name), 'null') using errcode = 'MT036',
            hint = (select martlet_data.did_you_mean(p_name, array_agg(o.name)) from martlet_data.journeys o) || 'See martlet.journeys, or martlet journeys list.';
    end if;
    return j;
end $$;

ALTER FUNCTION martlet_data.known_journey(p_name text) OWNER TO martlet_owner;

CREATE TABLE martlet_data.runs (
    id integer NOT NULL,
    campaign text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    definition text NOT NULL,
    audience_id integer NOT NULL,
    seed text NOT NULL COLLATE pg_catalog."C",
    class text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    sender text COLLATE pg_catalog."C",
    variables json,
    fallback_zone text NOT NULL COLLATE pg_catalog."C",
    window_from smallint,
    window_until smallint,
    missed text DEFAULT 'tomorrow'::text NOT NULL COLLATE pg_catalog."C",
    pool text COLLATE pg_catalog."C",
    code_name text DEFAULT 'code'::text NOT NULL COLLATE pg_catalog."C",
    goal text COLLATE pg_catalog."C",
    pace double precision,
    members bigint NOT NULL,
    needs_approval boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    approved_at timestamp with time zone,
    approved_by text COLLATE pg_catalog."C",
    stopped_at timestamp with time zone,
    stopped_by text COLLATE pg_catalog."C",
    stop_reason text,
    is_open boolean DEFAULT true NOT NULL,
    CONSTRAINT runs_check CHECK ((((window_from IS NULL) = (window_until IS NULL)) AND ((window_from = window_until) IS NOT TRUE))),
    CONSTRAINT runs_missed_check CHECK ((missed = ANY (ARRAY['tomorrow'::text, 'now'::text, 'skip'::text])))
);

ALTER TABLE martlet_data.runs OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.runs.window_from IS 'Minutes after the recipient''s midnight; null: at any time.';

COMMENT ON COLUMN martlet_data.runs.code_name IS 'The variable that has the message''s code.';

COMMENT ON COLUMN martlet_data.runs.is_open IS 'Some of its chunks are not released yet.';

CREATE FUNCTION martlet_data.known_run(p_run integer) RETURNS martlet_data.runs
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    r martlet_data.runs;
begin
    select * into r from martlet_data.runs o where o.id = p_run for no key update;
    if not found then
        raise exception 'field run_id: there is no run %', coalesce(p_run::text, 'null') using errcode = 'MT022', hint = 'See martlet.runs, or martlet campaigns list.';
    elsif r.stopped_at is not null then
        raise exception 'field run_id: run % was stopped by % on %', p_run, r.stopped_by, date_trunc('second', r.stopped_at) using errcode = 'MT022', hint = 'What was stopped stays so; start another run.';
    end if;
    return r;
end $$;

ALTER FUNCTION martlet_data.known_run(p_run integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.leave_journey(p_journey integer, p_version integer, p_person text, p_state text, p_reason text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now timestamptz := clock_timestamp();
    p     martlet_data.journey_people;
begin
    select * into p from martlet_data.journey_people o where o.journey_id = p_journey and o.person = p_person and (p_version is null or o.version = p_version) for update;
    if not found or p.state not in ('in', 'done') or p_state = 'goal' and p.goal_at is not null then
        return false;
    end if;
    update martlet_data.journey_people o set goal_at = case when p_state = 'goal' then v_now else o.goal_at end,
            state = case when o.state = 'in' then p_state else o.state end, reason = case when o.state = 'in' then p_reason else o.reason end,
            resume_at = o.due_at, due_at = null, ended_at = coalesce(o.ended_at, v_now)
        where o.journey_id = p_journey and o.person = p_person;
    perform martlet_data.cancel_journey_messages(p_journey, p_person, null);
    return p.state = 'in' or p_state = 'goal';
end $$;

ALTER FUNCTION martlet_data.leave_journey(p_journey integer, p_version integer, p_person text, p_state text, p_reason text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.locale_fallbacks(p_locale text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
declare
    v_parts text[] := '{}';
    v_found text[] := '{}';
    v_part text;
begin
    -- One spelling per locale: ZH_hant_tw → zh-Hant-TW (RFC 5646, section 2.1.1).
    foreach v_part in array array_remove(string_to_array(replace(p_locale, '_', '-'), '-'), '') loop
        v_parts := v_parts || case when v_parts = '{}' then lower(v_part) when octet_length(v_part) = 2 then upper(v_part)
            when octet_length(v_part) = 4 then upper(left(v_part, 1)) || lower(substr(v_part, 2)) else lower(v_part) end;
    end loop;
    while cardinality(v_parts) > 0 loop
        v_found := v_found || array_to_string(v_parts, '-');
        v_parts := v_parts[:cardinality(v_parts) - 1];
        -- A single letter only introduces what followed it.
        if octet_length(v_parts[cardinality(v_parts)]) = 1 then
            v_parts := v_parts[:cardinality(v_parts) - 1];
        end if;
    end loop;
    return case when v_found[cardinality(v_found)] = 'default' then v_found else v_found || 'default'::text end;
end $$;

ALTER FUNCTION martlet_data.locale_fallbacks(p_locale text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.lock_bucket(p_bucket integer) RETURNS void
    LANGUAGE sql
    AS $$ select pg_catalog.pg_advisory_xact_lock(7340002, p_bucket) $$;

ALTER FUNCTION martlet_data.lock_bucket(p_bucket integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.mailbox_fault(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $_$
declare
    v_at int := position('@' in p_text);
    v_local text := left(p_text, v_at - 1);
    v_host text := substr(p_text, v_at + 1);
begin
    if coalesce(p_text, '') = '' then
        return 'is empty';
    elsif v_at = 0 or position('@' in v_host) > 0 then
        return 'must have exactly one @';
    elsif p_text ~ U&'[\00AD\034F\061C\115F\1160\17B4\17B5\180B-\180E\200B-\200F\202A-\202E\2060-\206F\3164\FE00-\FE0F\FEFF\FFA0\FFF0-\FFFB\+0E0000-\+0E0FFF]' then
        return 'has an invisible character inside';
    elsif p_text ~ U&'[[:space:][:cntrl:]\0080-\00A0\1680\2000-\200A\2028\2029\202F\205F\2800\3000]' then
        return 'has a blank or control character inside';
    elsif p_text ~ U&'[<>()\\[\\],;:"\005C\005C\FF20\FF0E\3002\FF61]' then
        return 'has a character that is not part of one mailbox';
    elsif v_local = '' or octet_length(v_local) > 64 or length(p_text) > 254 then
        return 'is too long, or has nothing in front of the @ (at most 64 bytes there, 254 characters in all)';
    elsif v_local ~ '^\.|\.\.|\.$' then
        return 'has a dot at the beginning or end of the part before the @, or two in a row';
    elsif v_host !~ '^[^.]+(\.[^.]+)+$' then
        return 'needs a whole domain behind the @, with names between its dots';
    elsif v_host ~ '(^|\.)-|-(\.|$)' or v_host ~ '[^.]{64}' then
        return 'has a name in its domain that begins or ends with - or is longer than 63 characters';
    elsif v_host ~ U&'[\0021-\002C\002F\003A-\0040\005B-\005E\0060\007B-\007E]' then
        return 'has a character in its domain that no domain has';
    elsif v_host ~ '\.[0-9]+$' then
        return 'ends in a number instead of a top-level domain';
    end if;
    return null;
end $_$;

ALTER FUNCTION martlet_data.mailbox_fault(p_text text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.mask(p_address text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    -- Of a number at least four digits are hidden, of anything else at least one character, however short it is.
    select case when p_address ~ '^\+' then left(p_address, head) || '****' || right(p_address, greatest(0, least(4, length(p_address) - 4 - head)))
                when p_address like '%@%' then left(p_address, greatest(0, least(1, position('@' in p_address) - 2))) || '**' || substr(p_address, position('@' in p_address))
                else left(p_address, least(2, length(p_address) / 3)) || '****' end
    from (select greatest(2, least(6, length(p_address) - 8)) as head) h $$;

ALTER FUNCTION martlet_data.mask(p_address text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.may_be_blank(p_json text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select strpos(p_json, '""') > 0 or strpos(p_json, 'null') > 0 or strpos(p_json, '[]') > 0 $$;

ALTER FUNCTION martlet_data.may_be_blank(p_json text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.measure_levels(p_span interval) RETURNS double precision
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_began timestamptz := clock_timestamp();
    v_took  float8;
begin
    delete from martlet_data.levels;
    -- Each kind by itself: what cannot be measured is missing, and keeps no other from being measured.
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'class', s.class, f.figure, f.value from martlet.slo_since(p_span) s cross join lateral (values
            ('within_share', s.within_share::float8), ('accepted_share', s.accepted_share::float8), ('overdue', s.overdue::float8),
            ('oldest_waiting_seconds', coalesce(extract(epoch from s.oldest_waiting)::float8, 0)), ('peak_delay_seconds', extract(epoch from s.peak_delay)::float8)) f(figure, value)
        where f.value is not null;
    exception when data_exception then raise warning 'levels of classes cannot be measured: %', sqlerrm;
    end;
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'provider', s.provider, f.figure, f.value from martlet.provider_slo_since(p_span) s cross join lateral (values
            ('delivered_share', s.delivered_share::float8), ('reported_share', s.reported_share::float8), ('reports', (s.delivered + s.undelivered)::float8)) f(figure, value)
        where f.value is not null;
    exception when data_exception then raise warning 'levels of providers cannot be measured: %', sqlerrm;
    end;
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'provider', m.provider, f.figure, f.value from martlet.missing_receipts_since(p_span) m cross join lateral (values
            ('missing_receipts', m.missing::float8), ('missing_receipts_share', m.missing::float8 / nullif(m.accepted, 0))) f(figure, value)
        where f.value is not null;
    exception when data_exception then raise warning 'missing receipts cannot be measured: %', sqlerrm;
    end;
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'budget', b.name || ' ' || b.unit, f.figure, f.value from martlet.budgets b cross join lateral (values
            ('used', b.used::float8), ('limit', b.limit_amount::float8)) f(figure, value)
        where b.group_key is null;
    exception when data_exception then raise warning 'budgets cannot be measured: %', sqlerrm;
    end;
    v_took := extract(epoch from clock_timestamp() - v_began);
    insert into martlet_data.levels (kind, name, figure, value)
        values ('measure', '', 'span_seconds', extract(epoch from p_span)), ('measure', '', 'took_seconds', v_took);
    return v_took;
end $$;

ALTER FUNCTION martlet_data.measure_levels(p_span interval) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.members_table(p_kind text, p_id integer) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select 'martlet_data.' || case p_kind when 'audience' then 'audience_members_' when 'run' then 'run_members_' end || p_id $$;

ALTER FUNCTION martlet_data.members_table(p_kind text, p_id integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.message_overviews(p_ids bigint[]) RETURNS SETOF martlet.message_status
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_material TO 'off'
    AS $$
    select * from martlet.message_status s where s.message_id = any (p_ids);
$$;

ALTER FUNCTION martlet_data.message_overviews(p_ids bigint[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.minute_of_day(p_local timestamp without time zone) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select extract(hour from p_local)::int * 60 + extract(minute from p_local)::int $$;

ALTER FUNCTION martlet_data.minute_of_day(p_local timestamp without time zone) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.next_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select case when p_from is null or p_from = p_until then null
        when martlet_data.minute_of_day(p_at at time zone p_zone) < p_from then ((p_at at time zone p_zone)::date + make_interval(mins => p_from)) at time zone p_zone
        else ((p_at at time zone p_zone)::date + 1 + make_interval(mins => p_from)) at time zone p_zone end $$;

ALTER FUNCTION martlet_data.next_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.normalise_address(p_kind text, p_address text, p_country text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $_$
declare
    v_at int;
    v_text text;
begin
    if p_kind = 'phone' then
        if martlet_data.is_e164(p_address) then
            return p_address;
        end if;
        return martlet_data.normalise_phone(p_address, p_country);
    elsif p_kind = 'email' then
        -- One mailbox, nothing that could end a header or an SMTP command. In ASCII: dot-atom @ host name (RFC 5322 3.2.3, RFC 1123 2.1).
        v_at := position('@' in p_address);
        if length(p_address) between v_at + 3 and v_at + 63 and v_at between 2 and 65
            and p_address ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$' then
            return left(p_address, v_at) || lower(substr(p_address, v_at + 1));
        end if;
        v_text := martlet_data.plain_address('email', p_address);
        -- Not by the C library alone: its small İ is an i without its dot, which is another domain (UTS 46).
        return case when martlet_data.mailbox_fault(v_text) is null
            then left(v_text, position('@' in v_text)) || lower(replace(substr(v_text, position('@' in v_text) + 1), U&'\0130', U&'i\0307')) end;
    end if;
    -- Taken as it is, but a phone with + loses what stands between its digits: an opt-out must find it.
    if p_address ~* '^((tel|sms|whatsapp): ?)?[(]?[+][1-9][0-9 ().-]{5,30}$' then
        p_address := translate(p_address, ' ().-', '');
    end if;
    return case when length(p_address) between 1 and 512 and p_address !~ '[[:cntrl:]]' and p_address !~ U&'^[\0020\00A0\200B\200C\200D\2060\FEFF\3000]*$' then p_address end;
end $_$;

ALTER FUNCTION martlet_data.normalise_address(p_kind text, p_address text, p_country text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.normalise_phone(p_address text, p_country text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select r.number from martlet_data.read_phone(p_address, p_country) r $$;

ALTER FUNCTION martlet_data.normalise_phone(p_address text, p_country text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.note_follow_up() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if new.kind in ('undelivered', 'dead', 'expired', 'suppressed') then
        update martlet_data.follow_ups f set due_at = least(f.due_at, clock_timestamp()) where f.message_id = new.message_id and f.state = 'open';
    else
        update martlet_data.follow_ups f set state = 'settled', why = new.kind, decided_at = clock_timestamp(), variables = null
            where f.message_id = new.message_id and f.state = 'open' and martlet_data.follow_up_settled_by(f.condition, new.kind);
    end if;
    return null;
end $$;

ALTER FUNCTION martlet_data.note_follow_up() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.note_lost_event(p_endpoint text, p_type text, p_why text, p_data json) RETURNS void
    LANGUAGE sql
    AS $$
    insert into martlet_data.audit (action, object, why, detail)
        select 'event_lost', p_endpoint, left(p_why, 1000), jsonb_build_object('type', p_type) || coalesce(jsonb_object_agg(d.key, d.value), '{}')
        from json_each(p_data) d where d.key in ('id', 'message_id', 'channel', 'class', 'purpose', 'scope', 'state', 'status', 'code', 'answers') $$;

ALTER FUNCTION martlet_data.note_lost_event(p_endpoint text, p_type text, p_why text, p_data json) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.open_opt_outs() RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
begin
    begin
        if pg_try_advisory_xact_lock(7340009, 0) then
            raise exception 'none is open' using errcode = 'MT902';
        end if;
    exception when sqlstate 'MT902' then
        return '{}';
    end;
    return array(select l.classid::bigint << 32 | l.objid::bigint from pg_catalog.pg_locks l
        where l.locktype = 'advisory' and l.mode = 'ExclusiveLock' and l.granted and l.objsubid = 2
            and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
            and (l.classid between 7340010 and 7340012 or l.classid >= 1000000000));
end $$;

ALTER FUNCTION martlet_data.open_opt_outs() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.opt_out_place(p_base integer, p_channel text, p_scope text) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    select p_base + 10000 * coalesce((select c.id from martlet_data.channels c where c.name = p_channel), 0)
        + case p_scope when 'all' then 0 when 'all_except_otp' then 1 else 2 + coalesce((select c.id from martlet_data.classes c where c.name = p_scope), 9997) end $$;

ALTER FUNCTION martlet_data.opt_out_place(p_base integer, p_channel text, p_scope text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.order_provider(p_provider text, p_state text, p_target text, p_why text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform martlet_data.check_text('provider', coalesce(p_provider, ''), 64);
    perform martlet_data.check_text('why', coalesce(p_why, ''), 1000);
    perform martlet_data.commit_durably();
    if p_target is not null and exists (select from martlet_data.provider_orders o where o.provider = p_target and o.state = 'moved') then
        raise exception 'field target: the messages of % go to another provider themselves', quote_literal(p_target) using errcode = 'MT010',
            hint = 'Name the provider that shall send them, or resume ' || p_target || ' first.';
    end if;
    if p_state = 'moved' and exists (select from martlet_data.provider_orders o where o.target = p_provider) then
        raise exception 'field provider: the messages of another provider go to % already', quote_literal(p_provider) using errcode = 'MT010',
            hint = 'Resume that one first, or move it too: see martlet.providers.';
    end if;
    if p_state is null then
        delete from martlet_data.provider_orders o where o.provider = p_provider;
    else
        insert into martlet_data.provider_orders as o (provider, state, target, why) values (p_provider, p_state, p_target, p_why)
            on conflict (provider) do update set state = excluded.state, target = excluded.target, why = excluded.why, changed_at = clock_timestamp(), changed_by = session_user;
    end if;
    insert into martlet_data.audit (action, object, why, detail)
        values (case p_state when 'paused' then 'pause_provider' when 'draining' then 'drain_provider' when 'moved' then 'move_provider' else 'resume_provider' end,
            p_provider, p_why, case when p_target is not null then jsonb_build_object('target', p_target) end);
end $$;

ALTER FUNCTION martlet_data.order_provider(p_provider text, p_state text, p_target text, p_why text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.outside_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select case
        when p_from is null or p_from = p_until then p_at
        when p_from < p_until and (martlet_data.minute_of_day(p_at at time zone p_zone) < p_from or martlet_data.minute_of_day(p_at at time zone p_zone) >= p_until) then p_at
        when p_from > p_until and martlet_data.minute_of_day(p_at at time zone p_zone) >= p_from then ((p_at at time zone p_zone)::date + 1 + make_interval(mins => p_until)) at time zone p_zone
        when p_from > p_until and martlet_data.minute_of_day(p_at at time zone p_zone) >= p_until then p_at
        else ((p_at at time zone p_zone)::date + make_interval(mins => p_until)) at time zone p_zone end $$;

ALTER FUNCTION martlet_data.outside_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.person_key(p_recipient_key text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case when left(p_recipient_key, 1) = '+' or position('@' in p_recipient_key) > 1 then martlet_data.address_key(p_recipient_key) else p_recipient_key end $$;

ALTER FUNCTION martlet_data.person_key(p_recipient_key text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.plain_address(p_kind text, p_address text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
declare
    -- Zero-width and joining marks, marks and overrides of direction, byte order mark, soft hyphen, variation selectors.
    c_invisible constant text := U&'\00AD\034F\061C\180E\200B\200C\200D\200E\200F\202A\202B\202C\202D\202E\2060\2061\2062\2063\2064\2066\2067\2068\2069\206A\206B\206C\206D\206E\206F\FE0E\FE0F\FEFF';
    c_blank constant text := U&' \0009\000A\000B\000C\000D\0085\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000';
    v_text text := btrim(p_address, c_blank || c_invisible);
begin
    if v_text ~ '^="[^"]*"$' then
        v_text := btrim(substr(v_text, 3, length(v_text) - 3), c_blank || c_invisible);
    elsif v_text ~ '^"[^"]*"$' then
        v_text := btrim(substr(v_text, 2, length(v_text) - 2), c_blank || c_invisible);
    elsif p_kind = 'phone' and left(v_text, 1) in ('''', U&'\2019') then
        v_text := btrim(substr(v_text, 2), c_blank || c_invisible);
    end if;
    if p_kind = 'phone' then
        v_text := translate(v_text,
            U&'\FF10\FF11\FF12\FF13\FF14\FF15\FF16\FF17\FF18\FF19\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9\0966\0967\0968\0969\096A\096B\096C\096D\096E\096F\09E6\09E7\09E8\09E9\09EA\09EB\09EC\09ED\09EE\09EF'
            || U&'\FF0B\FE62\FF08\FF09\FF0F\FF0E\FF0D\2010\2011\2012\2013\2014\2015\2212\FE63\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\202F\205F\3000' || c_invisible,
            '01234567890123456789012345678901234567890123456789++()/.---------               ');
        v_text := regexp_replace(v_text, '^(tel|sms|whatsapp): ?', '', 'i');
    end if;
    return v_text;
end $_$;

ALTER FUNCTION martlet_data.plain_address(p_kind text, p_address text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.plan_run(p_run integer, p_zones smallint[], p_firsts bigint[], p_lasts bigint[], p_dues timestamp with time zone[], p_skips boolean[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_last int;
    v_old  bigint;
begin
    if not martlet_data.is_admin() then
        raise exception 'only admins plan a run' using errcode = '42501';
    end if;
    perform from martlet_data.runs r where r.id = p_run for no key update; -- no release is under way
    select coalesce(max(c.chunk), 0) into v_last from martlet_data.run_chunks c where c.run_id = p_run and c.released_at is not null;
    with gone as (delete from martlet_data.run_chunks c where c.run_id = p_run and c.released_at is null returning c.last_place - c.first_place + 1 as members)
        select sum(g.members) into v_old from gone g;
    if v_old is null and not exists (select from martlet_data.run_chunks c where c.run_id = p_run) then
        select r.members into v_old from martlet_data.runs r where r.id = p_run;
    end if;
    insert into martlet_data.run_chunks (run_id, chunk, zone, first_place, last_place, due_at, released_at, released, skipped)
        select p_run, v_last + row_number() over (order by i.due, i.first), i.zone, i.first, i.last, i.due, case when i.skip then clock_timestamp() end, case when i.skip then 0 end, case when i.skip then i.last - i.first + 1 end
        from unnest(p_zones, p_firsts, p_lasts, p_dues, p_skips) i(zone, first, last, due, skip);
    update martlet_data.run_members m set state = 2, reason = 'missed_window' from unnest(p_firsts, p_lasts, p_skips) i(first, last, skip)
        where i.skip and m.run_id = p_run and m.place between i.first and i.last and m.state = 0;
    -- As many members as before, at first all; and no two ranges of them overlap.
    if (select sum(i.last - i.first + 1) from unnest(p_firsts, p_lasts) i(first, last)) is distinct from v_old
        or exists (select from (select i.first, lag(i.last) over (order by i.first) as before from unnest(p_firsts, p_lasts) i(first, last)) i where i.first <= i.before) then
        raise exception 'the chunks of run % do not hold each member once', p_run using errcode = 'MT900';
    end if;
    update martlet_data.runs r set is_open = exists (select from martlet_data.run_chunks c where c.run_id = p_run and c.released_at is null) where r.id = p_run;
    return (select count(*) from martlet_data.run_chunks c where c.run_id = p_run);
end $$;

ALTER FUNCTION martlet_data.plan_run(p_run integer, p_zones smallint[], p_firsts bigint[], p_lasts bigint[], p_dues timestamp with time zone[], p_skips boolean[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.policy_is_seen() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select not exists (select from martlet_data.policy_unseen())
        or greatest((select p.applied_at from martlet_data.policies p order by p.version desc limit 1), (select max(t.pushed_at) from martlet_data.templates t))
            < clock_timestamp() - interval '30 seconds'
$$;

ALTER FUNCTION martlet_data.policy_is_seen() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.policy_unseen() RETURNS TABLE(session integer, worker text, host text, version text, policy_version integer, problem text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select s.id, s.worker, s.host, s.version, s.policy_version, s.policy_problem
    from (select p.version from martlet_data.policies p order by p.version desc limit 1) newest, martlet_data.template_stamp() stamp, martlet_data.sessions s
    where s.ended_at is null and s.fenced_at is null and not s.is_draining and s.beat_at > clock_timestamp() - interval '10 seconds'
        and (s.policy_version, s.templates) is distinct from (newest.version, stamp)
    order by s.id
$$;

ALTER FUNCTION martlet_data.policy_unseen() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.position_inbound() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform pg_advisory_xact_lock(7340011, 1);
    update martlet_data.inbound_events e set position = nextval('martlet_data.inbound_position') where e.inbound_id = new.inbound_id;
    return null;
end $$;

ALTER FUNCTION martlet_data.position_inbound() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.publish(p_type text, p_class text, p_group text, p_at timestamp with time zone, p_data json) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
    v_name text;
    v_body text;
    v_count int := 0;
begin
    for v_name in
        select e.name from martlet_data.webhook_endpoints e
        where p_type = any (e.events) and (e.classes = '{}' or p_class = any (e.classes))
            and (e.group_prefixes = '{}' or exists (select from unnest(e.group_prefixes) g where starts_with(p_group, g)))
        order by e.name
    loop
        v_body := coalesce(v_body, '{"type":' || to_json(p_type) || ',"timestamp":"' || martlet_data.iso_time(p_at) || '","data":' || p_data || '}');
        -- What an event speaks of is not undone because the event cannot be published: the audit keeps which, and the server's log says it.
        if not exists (select from martlet_data.enqueue_places p where p.template = 'webhook' and p.class = 'webhook' and p.channel = 'webhook') then
            raise warning 'event % is not published: the policy has no class or template for webhooks', p_type using hint = 'Run martlet config apply.';
            perform martlet_data.note_lost_event(v_name, p_type, 'the policy has no class or template for webhooks', p_data);
            continue;
        elsif octet_length(v_body) > 20000 then
            begin
                perform martlet.enqueue(class => 'webhook', channel => 'webhook', recipient => v_name, template => 'webhook', variables => jsonb_build_object('event', v_body),
                    check_template => false);
            exception when others then
                raise warning 'event % is not published to %: %', p_type, v_name, sqlerrm;
                perform martlet_data.note_lost_event(v_name, p_type, sqlerrm, p_data);
                continue;
            end;
        else
            -- A template or class that asks for more than the event undoes nothing: the message becomes a dead letter that says so.
            perform martlet.enqueue(class => 'webhook', channel => 'webhook', recipient => v_name, template => 'webhook', variables => jsonb_build_object('event', v_body),
                check_template => false);
        end if;
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;

ALTER FUNCTION martlet_data.publish(p_type text, p_class text, p_group text, p_at timestamp with time zone, p_data json) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.publish_consents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if martlet_data.is_published('consent.changed') then
        perform martlet_data.publish('consent.changed', n.purpose, null, n.recorded_at, json_build_object('recipient_key', n.recipient_key, 'channel', n.channel,
            'purpose', n.purpose, 'status', n.status, 'method', n.method, 'wording', n.wording)) from new_rows n where n.channel <> 'webhook';
    end if;
    return null;
end $$;

ALTER FUNCTION martlet_data.publish_consents() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.publish_dead_letters() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if martlet_data.is_published('message.dead') then
        perform martlet_data.publish('message.dead', n.class, m.group_key, n.died_at, json_build_object('message_id', n.message_id::text, 'group_key', m.group_key,
            'class', n.class, 'channel', n.channel, 'template', n.template, 'attempt', n.attempt, 'provider', n.provider, 'code', n.reason))
        from new_rows n left join lateral (select * from martlet_data.messages m where m.id = n.message_id offset 0) m on true where n.channel <> 'webhook';
    end if;
    return null;
end $$;

ALTER FUNCTION martlet_data.publish_dead_letters() OWNER TO martlet_owner;

CREATE TABLE martlet_data.inbound_events (
    inbound_id bigint NOT NULL,
    "position" bigint,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    channel text NOT NULL COLLATE pg_catalog."C",
    address text COLLATE pg_catalog."C",
    keyword text COLLATE pg_catalog."C",
    answers bigint,
    answer text COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.inbound_events OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.inbound_events.inbound_id IS 'The part that came first.';

COMMENT ON COLUMN martlet_data.inbound_events."position" IS 'In the order of commits: what has a lower number was visible before. Null: not committed yet.';

COMMENT ON COLUMN martlet_data.inbound_events.address IS 'E.164; null: it came from no phone.';

CREATE FUNCTION martlet_data.publish_inbound(p_event martlet_data.inbound_events) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    t record;
    m record;
    v_data json;
begin
    if not (martlet_data.is_published('inbound.received') or p_event.answers is not null and martlet_data.is_published('survey.answered')) then
        return;
    end if;
    select min(i.provider) as provider, min(i.sender) as sender, min(i.recipient) as recipient, string_agg(i.body, '' order by i.part) as body into t
        from martlet_data.inbound_texts i where i.id = p_event.inbound_id or i.first_id = p_event.inbound_id;
    select x.group_key, x.template, c.name as class into m
        from martlet_data.messages x join martlet_data.classes c on c.id = x.class_id where x.id = p_event.answers;
    -- A text has at most some 40,000 characters; 8,000 are never more than fits into a message, however they are escaped.
    v_data := json_build_object('id', p_event.inbound_id::text, 'provider', t.provider, 'channel', p_event.channel, 'from', coalesce(p_event.address, t.sender), 'to', t.recipient,
        'text', left(t.body, 8000), 'is_cut', coalesce(length(t.body) > 8000, false), 'keyword', p_event.keyword, 'answers', p_event.answers::text, 'answer', p_event.answer,
        'group_key', m.group_key, 'class', m.class, 'template', m.template);
    perform martlet_data.publish('inbound.received', m.class, m.group_key, p_event.at, v_data);
    if p_event.answers is not null then
        perform martlet_data.publish('survey.answered', m.class, m.group_key, p_event.at, v_data);
    end if;
end $$;

ALTER FUNCTION martlet_data.publish_inbound(p_event martlet_data.inbound_events) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.publish_receipts(p_kinds text[], p_messages bigint[], p_attempts smallint[], p_providers text[], p_codes text[]) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select coalesce(sum(martlet_data.publish('message.' || i.kind, c.name, m.group_key, clock_timestamp(), json_build_object('message_id', m.id::text,
        'group_key', m.group_key, 'class', c.name, 'channel', h.name, 'template', m.template, 'attempt', i.attempt, 'provider', i.provider, 'code', i.code))), 0)::int
    from unnest(p_kinds, p_messages, p_attempts, p_providers, p_codes) i(kind, message_id, attempt, provider, code)
    cross join lateral (select * from martlet_data.messages m where m.id = i.message_id offset 0) m
    join martlet_data.classes c on c.id = m.class_id join martlet_data.channels h on h.id = m.channel_id
    where h.name <> 'webhook' $$;

ALTER FUNCTION martlet_data.publish_receipts(p_kinds text[], p_messages bigint[], p_attempts smallint[], p_providers text[], p_codes text[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.publish_suppressions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if martlet_data.is_published('suppression.changed') then
        perform martlet_data.publish('suppression.changed', n.scope, null, coalesce(n.lifted_at, n.created_at), json_build_object('channel', n.channel, 'address', n.address,
            'scope', n.scope, 'state', case when n.lifted_at is null then 'suppressed' else 'lifted' end, 'reason', coalesce(n.lift_reason, n.reason)))
        from new_rows n where n.channel <> 'webhook';
    end if;
    return null;
end $$;

ALTER FUNCTION martlet_data.publish_suppressions() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.reach_goal(p_name text, p_person text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_person text := martlet_data.person_key(p_person);
    v_runs   int := 0;
    v_run    int;
    m        martlet_data.run_members;
begin
    for v_run in select r.id from martlet_data.runs r where r.goal = p_name and r.stopped_at is null order by r.id loop
        select * into m from martlet_data.run_members n where n.run_id = v_run and n.person = v_person for update;
        continue when not found or m.state = 3;
        insert into martlet_data.run_goals as g (run_id, place) values (v_run, m.place)
            on conflict (run_id, place) do update set at = excluded.at, undone_at = null where g.undone_at is not null;
        continue when not found;
        v_runs := v_runs + 1;
        if m.state = 0 then
            update martlet_data.run_members n set state = 2, reason = 'goal' where n.run_id = v_run and n.place = m.place;
        elsif m.message_id is not null then
            perform martlet_data.commit_durably();
            perform martlet_data.hold_from_admit(array[7340010], array[hashint8(m.message_id)]);
            insert into martlet_data.cancellations (message_id)
                select m.message_id where not exists (select from martlet_data.receipts r where r.message_id = m.message_id
                    and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) on conflict do nothing;
        end if;
    end loop;
    return v_runs;
end $$;

ALTER FUNCTION martlet_data.reach_goal(p_name text, p_person text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.reach_journey_goal(p_name text, p_person text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_count int := 0;
    t       record;
begin
    for t in select g.journey_id, g.version from martlet_data.journey_triggers g where g.event = p_name and g.kind = 'goal' order by g.journey_id, g.version loop
        if martlet_data.leave_journey(t.journey_id, t.version, martlet_data.person_key(p_person), 'goal', p_name) then
            v_count := v_count + 1;
        end if;
    end loop;
    return v_count;
end $$;

ALTER FUNCTION martlet_data.reach_journey_goal(p_name text, p_person text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.read_phone(p_address text, p_country text, OUT number text, OUT fault text) RETURNS record
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $_$
declare
    v_text text := case when p_address ~ '^[0-9 ()-]+$' then btrim(p_address, ' ') else martlet_data.plain_address('phone', p_address) end;
    v_digits text;
    v_plan record;
    v_masks text[];
    v_readings text[];
    v_found text[];
begin
    if coalesce(v_text, '') = '' then
        fault := 'is empty';
    elsif v_text ~* '^[+-]?[0-9]+([.,][0-9]+)?e[+-]?[0-9]+$' then
        fault := 'was turned into a power of ten by a spreadsheet, and digits of it are lost: format the column as text and export it again';
    elsif v_text ~ '[0-9]\.0$|^\+?[0-9]+\.00$' then
        fault := 'ends in .0, so a program took it for an amount: export the column as text';
    elsif v_text ~ '[^0-9+ ().\/-]' then
        fault := 'has characters that are no part of a phone number';
    elsif ltrim(v_text, '( ') ~ '^.+\+' or v_text ~ '[0-9][0-9 .-]{5,}[0-9] */ *[0-9][0-9 .-]{5,}[0-9]' then
        fault := 'is more than one number';
    end if;
    if fault is not null then
        return;
    end if;
    v_digits := translate(v_text, '+ ().-/', '');
    if v_text like '%+%' then
        number := martlet_data.international_phone(v_digits, v_text like '%(0)%', false);
        fault := case when number is null then 'is no international number: behind + stand calling code and number, 7 to 15 digits, the first not 0' end;
    elsif v_digits like '00%' then
        number := martlet_data.international_phone(substr(v_digits, 3), v_text like '%(0)%', true);
        fault := case when number is null then 'is no international number behind its 00' end;
    elsif p_country is null then
        fault := 'has no + and no calling code, and its sender has no default_country';
    else
        select p.* into v_plan from martlet_data.numbering_plans p where starts_with(substr(p_country, 2), p.code);
        if not found then
            fault := format('has no +, and nothing is known about the numbers of %s', p_country);
            return;
        end if;
        v_masks := string_to_array(case v_plan.trunk when '' then concat_ws(' ', v_plan.mobile, nullif(v_plan.other, '')) else v_plan.mobile end, ' ');
        v_readings := array[v_digits, substr(p_country, 2 + length(v_plan.code)) || v_digits]; -- the second: of a country that shares its calling code, +1868
        select array_agg(distinct '+' || v_plan.code || r.rest) into v_found from (
            select unnest(v_readings) as rest where v_readings[1] like any (v_masks) or v_readings[2] like any (v_masks)
            union select substr(v_digits, 1 + length(f.prefix)) from unnest(array[nullif(v_plan.trunk, ''), v_plan.code, v_plan.code || nullif(v_plan.trunk, '')]) f(prefix)
                where starts_with(v_digits, f.prefix)) r
            where r.rest like any (v_masks) or r.rest <> all (v_readings) and r.rest like any (string_to_array(v_plan.other, ' '));
        if cardinality(v_found) = 1 then
            number := v_found[1];
        elsif v_found is null then
            fault := format('is no number of %s, neither as it stands nor behind %s', p_country,
                case when v_plan.trunk = '' then 'the calling code' else v_plan.trunk || ' or the calling code' end);
        else
            fault := format('can be read as %s', array_to_string(v_found, ' and as '));
        end if;
    end if;
end $_$;

ALTER FUNCTION martlet_data.read_phone(p_address text, p_country text, OUT number text, OUT fault text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.receive_text(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint, p_channel text, p_address text, p_keyword text, p_answers bigint, p_answer text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_id bigint;
    v_first bigint;
    v_event martlet_data.inbound_events;
begin
    v_id := martlet_data.keep_inbound(p_provider, p_sender, p_recipient, p_body, p_octets, p_data_coding, p_reference, p_part, p_parts);
    v_first := v_id;
    if p_parts > 1 then
        select coalesce(i.first_id, i.id) into v_first from martlet_data.inbound_texts i where i.id = v_id;
        if (select count(*) from martlet_data.inbound_texts i where i.id = v_first or i.first_id = v_first) < p_parts then
            return v_id;
        end if;
    end if;
    insert into martlet_data.inbound_events (inbound_id, channel, address, keyword, answers, answer)
        values (v_first, p_channel, p_address, p_keyword, p_answers, p_answer) on conflict (inbound_id) do nothing returning * into v_event;
    if found then
        perform martlet_data.publish_inbound(v_event);
    end if;
    return v_id;
end $$;

ALTER FUNCTION martlet_data.receive_text(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint, p_channel text, p_address text, p_keyword text, p_answers bigint, p_answer text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.recycle_segment(p_kind text, p_slot smallint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_name text := format('martlet_data.%s_%s', p_kind, p_slot);
    v_table oid := to_regclass(v_name);
    v_pinned_at timestamptz;
    v_emptied bigint;
    v_is_vacuumed boolean;
    v_found boolean;
begin
    select s.pinned_at, s.emptied_before::text::bigint & 4294967295 into v_pinned_at, v_emptied from martlet_data.segments s where s.kind = p_kind and s.slot = p_slot;
    select coalesce('autovacuum_enabled=on' = any (c.reloptions), false) into v_is_vacuumed from pg_class c where c.oid = v_table;
    if v_pinned_at is null then
        -- What was inserted is dead: by statistics, for one with rows is not to be read through twice a second. They may be wrong, hence the dice: every few minutes.
        if pg_stat_get_dead_tuples(v_table) >= pg_stat_get_ins_since_vacuum(v_table) or random() < 0.002 then
            update martlet_data.segments s set pinned_at = clock_timestamp(), emptied_before = pg_snapshot_xmax(pg_current_snapshot())
                where s.kind = p_kind and s.slot = p_slot;
        end if;
        return false;
    elsif v_is_vacuumed then
        -- Rows that somebody's snapshot may still see are counted as dead: autovacuum comes again for them.
        if pg_stat_get_dead_tuples(v_table) > 0
            or (greatest(pg_stat_get_last_autovacuum_time(v_table), pg_stat_get_last_vacuum_time(v_table)) > v_pinned_at) is not true then
            return false;
        end if;
    elsif v_pinned_at > clock_timestamp() - interval '5 seconds' or exists (
            -- Older, though numbers of 32 bits begin anew: half of them lie before each one.
            select from pg_stat_activity a cross join lateral (values (a.backend_xmin), (a.backend_xid)) o(xid)
            where a.pid <> pg_backend_pid() and (a.datid is null or a.datid = (select d.oid from pg_database d where d.datname = current_database()))
                and (v_emptied - o.xid::text::bigint + 4294967296) % 4294967296 between 1 and 2147483647) then
        return false;
    end if;
    -- First a look that disturbs no session, for it may read many dead rows; then the lock, and a fresh statement that sees all that committed before it.
    execute format('select exists (select from %s)', v_name) into v_found;
    begin
        if not v_found then
            execute format('lock table %s in share row exclusive mode nowait', v_name);
            execute format('select exists (select from %s)', v_name) into v_found;
        end if;
    exception when lock_not_available then v_found := true; -- an open insert, a claim or a vacuum has it
    end;
    if v_found and not v_is_vacuumed then
        update martlet_data.segments s set pinned_at = null where s.kind = p_kind and s.slot = p_slot;
    elsif not v_found and v_is_vacuumed then
        execute format('alter table %s set (autovacuum_enabled = off)', v_name);
        update martlet_data.segments s set is_free = true, pinned_at = null, reused_pages = pg_relation_size(v_table) / 8192
            where s.kind = p_kind and s.slot = p_slot;
        return true;
    elsif not v_found then
        -- No ANALYZE: statistics of this moment would be those of the hot statements when it is full. No truncation: it would try for the lock that cannot be had.
        execute format('alter table %s set (autovacuum_enabled = on, autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, '
            'autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_threshold = 2147483647, '
            'vacuum_index_cleanup = on, vacuum_truncate = off)', v_name);
        update martlet_data.segments s set pinned_at = clock_timestamp() where s.kind = p_kind and s.slot = p_slot;
    end if;
    return false;
end $$;

ALTER FUNCTION martlet_data.recycle_segment(p_kind text, p_slot smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.refresh_enqueue_places() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    -- One at a time: two that each see only their own change would leave a table that knows half.
    lock table martlet_data.enqueue_places in share row exclusive mode;
    with texts as materialized (
        select distinct on (t.key, t.channel, t.locale) t.key, t.channel, t.locale, t.required
        from martlet_data.templates t where t.retired_at is null order by t.key, t.channel, t.locale, t.version desc),
    templates as materialized (
        select t.key, t.channel, array_agg(t.locale order by t.locale) as locales from texts t group by t.key, t.channel),
    -- confirm_url is ours to give. A dotted name is no key at the top, so that enqueue's cheap look never finds it and check_template decides.
    names as materialized (
        select t.key, t.channel, array_agg(distinct n) as names
        from texts t, unnest(t.required) n where n <> 'confirm_url' group by t.key, t.channel),
    wanted as materialized (
        select t.key as template, c.name as class, h.name as channel, c.id as class_id, h.id as channel_id, h.address_kind, l.lane, l.cursor, c.time_to_live,
            array(select unnest(n.names) union select r from unnest(c.required) r where r <> 'confirm_url' order by 1) as required,
            t.locales, s.default_locale, (select k.number::bigint << 16 from martlet_data.cluster k) as cluster_bits
        from martlet_data.classes c join martlet_data.lanes l on l.lane = c.lane
            left join lateral (select s.default_locale from martlet_data.senders s
                where s.retired_at is null and case when c.sender is null then s.is_default else s.key = c.sender end limit 1) s on true,
            templates t join martlet_data.channels h on h.name = t.channel and h.retired_at is null
            left join names n on n.key = t.key and n.channel = t.channel
        where c.retired_at is null),
    gone as (
        delete from martlet_data.enqueue_places p where not exists (
            select from wanted w where w.template = p.template and w.class = p.class and w.channel = p.channel))
    insert into martlet_data.enqueue_places (template, class, channel, class_id, channel_id, address_kind, lane, cursor, time_to_live, required, locales,
            default_locale, cluster_bits)
        select w.template, w.class, w.channel, w.class_id, w.channel_id, w.address_kind, w.lane, w.cursor, w.time_to_live, w.required, w.locales,
            w.default_locale, w.cluster_bits from wanted w
        on conflict (template, class, channel) do update set class_id = excluded.class_id, channel_id = excluded.channel_id, address_kind = excluded.address_kind,
            lane = excluded.lane, cursor = excluded.cursor, time_to_live = excluded.time_to_live, required = excluded.required, locales = excluded.locales,
            default_locale = excluded.default_locale, cluster_bits = excluded.cluster_bits
        where enqueue_places is distinct from excluded;
    return null;
end $$;

ALTER FUNCTION martlet_data.refresh_enqueue_places() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.refresh_time_zones() RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with server as materialized (
        select n.name from pg_catalog.pg_timezone_names n where n.name !~ '^(posix|right)/' and n.name not in ('Factory', 'localtime', 'posixrules')),
    gone as (delete from martlet_data.time_zones z where not exists (select from server s where s.name = z.name collate "C") returning 1),
    come as (insert into martlet_data.time_zones (name) select s.name from server s on conflict do nothing returning 1)
    select ((select count(*) from gone) + (select count(*) from come))::int $$;

ALTER FUNCTION martlet_data.refresh_time_zones() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.refuse_address(p_kind text, p_address text, p_country text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
declare
    v_fault text := case p_kind when 'phone' then (select r.fault from martlet_data.read_phone(p_address, p_country) r)
        when 'email' then martlet_data.mailbox_fault(martlet_data.plain_address('email', p_address))
        else case when p_address ~ '[[:cntrl:]]' then 'has control characters' when length(p_address) > 512 then 'is longer than 512 characters' else 'is empty' end end;
    v_hint text := case p_kind when 'phone' then 'Write it as E.164: +, calling code and number, such as +8613800138000.'
        when 'email' then 'Write one mailbox, such as ann@example.com, without display name.'
        else 'It must be 1 … 512 characters without control characters.' end;
begin
    if v_fault = 'is empty' then
        raise exception 'field recipient: %', case when p_address is null then 'is null' else 'is empty' end using errcode = 'MT003', hint = v_hint;
    end if;
    raise exception 'field recipient: % is not %', coalesce(quote_literal(martlet_data.mask(p_address)), 'null'),
        case p_kind when 'phone' then 'a phone number' when 'email' then 'an e-mail address' else 'a usable address' end || coalesce(': it ' || v_fault, '')
        using errcode = 'MT003', hint = v_hint || case when p_kind = 'phone' and p_country is null then ' Or set default_country of the sender in Config/policy/senders.yaml.' else '' end;
end $$;

ALTER FUNCTION martlet_data.refuse_address(p_kind text, p_address text, p_country text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.refuse_unknown(p_class text, p_channel text, p_template text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
declare
    v_known text[] := array(select c.name from martlet_data.classes c where c.retired_at is null order by c.name);
begin
    if p_class is null or p_class <> all (v_known) then
        raise exception 'field class: unknown class %', coalesce(quote_literal(p_class), 'null') using errcode = 'MT001',
            hint = martlet_data.did_you_mean(p_class, v_known) || 'Known classes: ' || coalesce(nullif(array_to_string(v_known[:30], ', '), ''), 'none; an operator must run "martlet config apply" first') || '.';
    end if;
    v_known := array(select c.name from martlet_data.channels c where c.retired_at is null order by c.name);
    if p_channel is null or p_channel <> all (v_known) then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(p_channel), 'null') using errcode = 'MT002',
            hint = martlet_data.did_you_mean(p_channel, v_known) || 'Known channels: ' || array_to_string(v_known[:30], ', ') || '.';
    end if;
    v_known := array(select distinct t.channel from martlet_data.templates t where t.key = p_template and t.retired_at is null order by 1);
    raise exception 'field template: there is no template % for channel %', coalesce(quote_literal(p_template), 'null'), p_channel using errcode = 'MT004',
        hint = case when v_known <> '{}' then format('It has texts for %s. ', array_to_string(v_known, ', '))
            else martlet_data.did_you_mean(p_template, array(select distinct t.key from martlet_data.templates t where t.channel = p_channel and t.retired_at is null)) end
            || 'Push it with "martlet templates push", or correct the key.';
end $$;

ALTER FUNCTION martlet_data.refuse_unknown(p_class text, p_channel text, p_template text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.release_budgets(p_message_ids bigint[], p_attempts smallint[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
    v_first bigint := (select min(i) from unnest(p_message_ids) i);
    v_last  bigint := (select max(i) from unnest(p_message_ids) i);
    v_keys  text[];
    v_count int;
begin
    perform 1 from martlet_data.attempts a
        where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last and a.budgets is not null
        order by a.message_id, a.attempt for no key update;
    if not found then
        return 0;
    end if;
    select array_agg(distinct k.key) into v_keys
        from martlet_data.attempts a join unnest(p_message_ids, p_attempts) i(message_id, attempt) on i.message_id = a.message_id and i.attempt = a.attempt
            cross join lateral unnest(a.budgets) k(key)
        where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last and a.budgets is not null;
    perform 1 from martlet_data.budget_usage u where u.key = any (v_keys) order by u.key for no key update;
    update martlet_data.budget_usage u set used = greatest(0, u.used - g.amount)
        from (select w.key, sum(case when w.unit = 'segments' then a.segments when w.unit = a.currency then a.cost_micros else 0 end)::bigint as amount
            from martlet_data.attempts a join unnest(p_message_ids, p_attempts) i(message_id, attempt) on i.message_id = a.message_id and i.attempt = a.attempt
                cross join lateral unnest(a.budgets) k(key) join martlet_data.budget_usage w on w.key = k.key
            where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last
                and a.admitted_at >= w.starts_at and a.admitted_at < w.ends_at
            group by w.key) g
        where u.key = g.key;
    update martlet_data.attempts a set budgets = null
        from unnest(p_message_ids, p_attempts) i(message_id, attempt)
        where a.message_id = any (p_message_ids) and a.message_id between v_first and v_last
            and a.message_id = i.message_id and a.attempt = i.attempt and a.budgets is not null;
    get diagnostics v_count = row_count;
    return v_count;
end $$;

ALTER FUNCTION martlet_data.release_budgets(p_message_ids bigint[], p_attempts smallint[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.release_chunk(p_room integer, OUT run integer, OUT released integer, OUT skipped integer, OUT event text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
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
end $_$;

ALTER FUNCTION martlet_data.release_chunk(p_room integer, OUT run integer, OUT released integer, OUT skipped integer, OUT event text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.release_slot(p_recipient_key text, p_message_id bigint, p_attempt smallint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION martlet_data.release_slot(p_recipient_key text, p_message_id bigint, p_attempt smallint) OWNER TO martlet_owner;

CREATE TABLE martlet_data.report_counts (
    slice timestamp with time zone NOT NULL,
    class_id smallint NOT NULL,
    group_key text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    messages bigint NOT NULL,
    accepted bigint NOT NULL,
    delivered bigint NOT NULL,
    undelivered bigint NOT NULL,
    waiting bigint NOT NULL,
    suppressed bigint NOT NULL,
    capped bigint NOT NULL,
    expired bigint NOT NULL,
    cancelled bigint NOT NULL,
    dead bigint NOT NULL,
    clicked bigint NOT NULL,
    opened bigint NOT NULL,
    segments bigint NOT NULL,
    cost_micros numeric NOT NULL,
    waiting_micros numeric NOT NULL,
    unpriced bigint NOT NULL
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE martlet_data.report_counts OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.report_counts.slice IS 'Five minutes in which the messages were enqueued.';

COMMENT ON COLUMN martlet_data.report_counts.group_key IS 'Empty: none.';

COMMENT ON COLUMN martlet_data.report_counts.waiting IS 'Messages that wait; hand-overs that nobody knows of.';

CREATE FUNCTION martlet_data.report_difference(p_day text, p_low bigint, p_high bigint, p_xid xid8, p_time timestamp with time zone, p_xid_until xid8, p_until timestamp with time zone, p_group text, p_class smallint) RETURNS SETOF martlet_data.report_counts
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'on'
    SET enable_seqscan TO 'on'
    SET plan_cache_mode TO 'auto'
    SET work_mem TO '64MB'
    AS $_$
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
end $_$;

ALTER FUNCTION martlet_data.report_difference(p_day text, p_low bigint, p_high bigint, p_xid xid8, p_time timestamp with time zone, p_xid_until xid8, p_until timestamp with time zone, p_group text, p_class smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.report_origin() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select format('%s %s', (select c.system_identifier from pg_control_system() c), 'martlet_data.report_days'::regclass::oid) $$;

ALTER FUNCTION martlet_data.report_origin() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.report_parts(p_since timestamp with time zone, p_group text, p_class smallint) RETURNS SETOF martlet_data.report_counts
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    v_first bigint := martlet_data.first_id(p_since);
    -- The first whole slice.
    v_slice timestamptz := to_timestamp(ceil(extract(epoch from p_since) / 300) * 300);
    v_edge bigint := martlet_data.first_id(v_slice);
    v_today date := (clock_timestamp() at time zone 'UTC')::date;
    v_day date;
    v_from timestamptz;
    v_low bigint;
    v_high bigint;
    d martlet_data.report_days;
begin
    return query select * from martlet_data.report_difference('default', v_first, 9223372036854775807, null, null, null, null, p_group, p_class);
    for v_day in select to_date(substr(c.relname, 10), 'YYYYMMDD') from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'martlet_data' and c.relname ~ '^messages_[0-9]{8}$' and c.relkind = 'r' order by 1 loop
        v_from := v_day::timestamp at time zone 'UTC';
        v_low := martlet_data.first_id(v_from);
        v_high := martlet_data.first_id((v_day + 1)::timestamp at time zone 'UTC');
        continue when v_high <= v_first or v_day > v_today + 1;
        select * into d from martlet_data.report_days k where k.day = v_day and k.counted_xid is not null and k.origin = martlet_data.report_origin();
        if not found then
            return query select * from martlet_data.report_difference(to_char(v_day, 'YYYYMMDD'), greatest(v_low, v_first), v_high, null, null, null, null, p_group, p_class);
            continue;
        end if;
        if v_first > v_low then
            return query select * from martlet_data.report_difference(to_char(v_day, 'YYYYMMDD'), v_first, least(v_edge, v_high), null, null, null, null, p_group, p_class);
        end if;
        return query select * from martlet_data.report_counts c where c.slice >= greatest(v_slice, v_from) and c.slice < v_from + interval '1 day'
            and (p_group is null or c.group_key = p_group) and (p_class is null or c.class_id = p_class);
        if v_edge < v_high and (v_day >= v_today - 1 or d.inserted <> martlet_data.inserted_on(v_day) or d.counted_until < v_from + interval '1 day') then
            return query select * from martlet_data.report_difference(to_char(v_day, 'YYYYMMDD'), greatest(v_low, v_edge), v_high, d.counted_xid, d.counted_until, null, null,
                p_group, p_class);
        end if;
    end loop;
end $_$;

ALTER FUNCTION martlet_data.report_parts(p_since timestamp with time zone, p_group text, p_class smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.request_hash(class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select '\x01'::bytea || sha256(convert_to(jsonb_build_array(class, channel, recipient, template, martlet_data.canonical(variables),
        extract(epoch from scheduled_at), extract(epoch from expires_at), recipient_key, locale, time_zone, tier, group_key, sender,
        martlet_data.canonical(headers))::text, 'UTF8')) $$;

ALTER FUNCTION martlet_data.request_hash(class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.requeue_as(p_actor text, p_job bigint, message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean, approve_words boolean) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    d martlet_data.dead_letters;
    v_expires timestamptz;
    v_erased boolean;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    select * into d from martlet_data.dead_letters l where l.message_id = requeue_as.message_id for update;
    if not found then
        raise exception 'message % is not a dead letter', message_id using errcode = 'MT012', hint = 'List them with "martlet dead-letters list"; "martlet message show" tells what became of this one.';
    end if;
    if d.reason = 'in_doubt' and not may_duplicate then
        raise exception 'message % is in doubt: the recipient may already have it', message_id using errcode = 'MT013', hint = 'Ask the provider first; to send it all the same pass may_duplicate (--may-duplicate).';
    end if;
    if d.reason = 'held_word' and not approve_words and variables is null then
        raise exception 'message % holds a word that a list holds for review', message_id using errcode = 'MT030', hint = 'Read the text ("martlet dead-letters show"); to send it as it is pass approve_words (--approve-words), or pass variables with other words.';
    end if;
    if variables is not null then
        perform martlet_data.check_json('variables', variables, 65536);
    end if;
    if d.series >= 32766 then
        raise exception 'message % was requeued % times; there is no further number', message_id, d.series using errcode = 'MT013', hint = 'Discard it, and enqueue the message again.';
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
    insert into martlet_data.requeues (message_id, series, expires_at, variables, provider, approve_words, why, requeued_by)
        values (message_id, d.series + 1, v_expires, variables, provider, approve_words, why, p_actor);
    perform pg_current_xact_id();
    insert into martlet_data.ready (slot, seq, message_id, attempt, series)
        select (pg_sequence_last_value(l.cursor) & 4095)::smallint, nextval('martlet_data.message_seq'), message_id, d.attempt, d.series + 1 from martlet_data.lanes l where l.lane = d.lane;
    perform martlet_data.wake_sleeper();
    insert into martlet_data.receipts (message_id, kind, code, detail, actor) values (message_id, 'requeued', d.reason, why, p_actor);
    insert into martlet_data.audit (actor, action, object, why, detail) values (p_actor, 'requeue', message_id::text, why,
        jsonb_build_object('reason', d.reason, 'edited_variables', variables is not null, 'provider', provider, 'may_duplicate', may_duplicate, 'approve_words', approve_words)
            || case when p_job is null then '{}' else jsonb_build_object('job', p_job::text) end);
    delete from martlet_data.dead_letters l where l.message_id = requeue_as.message_id;
    return v_expires;
end $$;

ALTER FUNCTION martlet_data.requeue_as(p_actor text, p_job bigint, message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean, approve_words boolean) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.retire_segment(p_kind text, p_slot smallint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_name text;
    v_lane smallint;
    v_is_free boolean;
    v_cursor regclass;
    v_found boolean;
begin
    perform pg_advisory_xact_lock(7340001, 1); -- against advance_segment choosing this one meanwhile
    select s.lane, s.is_free into v_lane, v_is_free from martlet_data.segments s where s.kind = p_kind and s.slot = p_slot;
    if not found then
        raise exception 'no part % %', p_kind, p_slot using errcode = 'MT900';
    end if;
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
    exception when lock_not_available then -- an open insert, a claim or a reader has it
        if v_is_free then
            return false;
        end if;
        return martlet_data.recycle_segment(p_kind, p_slot);
    end;
    -- A fresh statement at READ COMMITTED: it sees everything that committed before the lock was ours.
    execute format('select exists (select from %s)', v_name) into v_found;
    if v_found then
        return false;
    end if;
    execute format('truncate %s', v_name);
    if exists (select from pg_class c where c.oid = to_regclass(v_name) and 'autovacuum_enabled=on' = any (c.reloptions)) then
        execute format('alter table %s set (autovacuum_enabled = off)', v_name);
    end if;
    update martlet_data.segments s set is_free = true, pinned_at = null, reused_pages = 0 where s.kind = p_kind and s.slot = p_slot;
    return true;
end $$;

ALTER FUNCTION martlet_data.retire_segment(p_kind text, p_slot smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.settle_codes(p_after bigint, p_limit integer, OUT looked integer, OUT last bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
begin
    with these as materialized (
        select c.pool, c.code, c.message_id, c.state from martlet_data.codes c where c.state in ('reserved', 'held') and c.message_id > p_after order by c.message_id limit p_limit for update skip locked),
    seen as materialized (
        select s.*, f.kind, d.message_id is not null as is_dead, exists (
            -- A try without an answer, or whose answer is not known.
            select from martlet_data.attempts a where a.message_id = s.message_id and not exists (
                select from martlet_data.receipts r where r.message_id = a.message_id and r.attempt = a.attempt and r.kind in ('accepted', 'deferred', 'rejected', 'delivered', 'undelivered') offset 0)) as is_doubtful
        from these s left join martlet_data.dead_letters d on d.message_id = s.message_id
            left join lateral (select r.kind from martlet_data.receipts r where r.message_id = s.message_id
                and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')
                order by r.kind not in ('accepted', 'delivered', 'undelivered') limit 1) f on true),
    moved as (
        update martlet_data.codes c set changed_at = clock_timestamp(), message_id = case when n.state = 'free' then null else c.message_id end, state = n.state
        from (select s.*, case when s.kind in ('accepted', 'delivered', 'undelivered') then 'spent' when s.is_doubtful and (s.is_dead or s.kind is not null) then 'held'
                when s.kind is not null and not s.is_dead then 'free' else s.state end as next from seen s) x
            cross join lateral (select x.next as state) n
        where c.pool = x.pool and c.code = x.code and n.state <> c.state returning 1)
    select count(*), max(s.message_id) into looked, last from these s;
end $$;

ALTER FUNCTION martlet_data.settle_codes(p_after bigint, p_limit integer, OUT looked integer, OUT last bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.take_connections(p_provider text, p_limit integer, p_session integer, p_needed integer, p_most integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_workers int;
    v_before  int;
    v_target  int;
    v_held    int;
begin
    perform pg_advisory_xact_lock(7340008, hashtext(p_provider)); -- the statements below see what those before committed
    delete from martlet_data.connection_slots c where c.provider = p_provider
        and not exists (select from martlet_data.sessions s where s.id = c.session and s.ended_at is null and s.fenced_at is null);
    select count(*), count(*) filter (where s.id < p_session) into v_workers, v_before from martlet_data.sessions s
        where s.ended_at is null and s.fenced_at is null and s.beat_at > clock_timestamp() - interval '10 seconds' and (not s.is_draining or s.id = p_session);
    v_target := least(p_most, p_limit / greatest(v_workers, 1) + case when v_before < p_limit % greatest(v_workers, 1) then 1 else 0 end);
    select count(*) into v_held from martlet_data.connection_slots c where c.provider = p_provider and c.session = p_session;
    if v_held > greatest(v_target, p_needed) then
        delete from martlet_data.connection_slots c where c.provider = p_provider and c.slot in (
            select d.slot from martlet_data.connection_slots d where d.provider = p_provider and d.session = p_session order by d.slot desc limit v_held - greatest(v_target, p_needed));
        v_held := greatest(v_target, p_needed);
    elsif v_held < v_target then
        insert into martlet_data.connection_slots (provider, slot, session)
            select p_provider, n, p_session from generate_series(1, p_limit) n
            where not exists (select from martlet_data.connection_slots c where c.provider = p_provider and c.slot = n)
                -- Of a limit that was higher before, slots beyond it may still be held.
                and (select count(*) from martlet_data.connection_slots c where c.provider = p_provider) < p_limit
            order by n limit least(v_target - v_held, p_limit - (select count(*) from martlet_data.connection_slots c where c.provider = p_provider));
        select count(*) into v_held from martlet_data.connection_slots c where c.provider = p_provider and c.session = p_session;
    end if;
    return least(v_held, v_target);
end $$;

ALTER FUNCTION martlet_data.take_connections(p_provider text, p_limit integer, p_session integer, p_needed integer, p_most integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.take_id() RETURNS bigint[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_began timestamptz;
    v_seq   bigint;
begin
    loop
        v_began := clock_timestamp();
        v_seq := nextval('martlet_data.message_seq');
        exit when clock_timestamp() < v_began + interval '10 ms';
    end loop;
    return array[v_seq, ((date_part('epoch', v_began) * 1000)::bigint - 1735689600000) << 22
        | (select c.number::bigint << 16 from martlet_data.cluster c) | (v_seq & 65535)];
end $$;

ALTER FUNCTION martlet_data.take_id() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.take_journey_people(p_limit integer) RETURNS TABLE(journey_id integer, version integer, person text, entry integer, step text, is_waiting boolean, now timestamp with time zone, until_at timestamp with time zone, data text, arrived text[], look text, accepted_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
declare
    v_now     timestamptz := clock_timestamp();
    v_journey int;
begin
    for v_journey in select j.id from martlet_data.journeys j cross join lateral (
            select p.due_at from martlet_data.journey_people p where p.journey_id = j.id and p.due_at <= v_now order by p.due_at limit 1) d
            where j.paused_at is null order by d.due_at loop
        -- Against a pause, which locks the row exclusively: after its commit no step is taken.
        perform from martlet_data.journeys j where j.id = v_journey and j.paused_at is null for share skip locked;
        continue when not found;
        return query
            with taken as materialized (
                select p.* from martlet_data.journey_people p where p.journey_id = v_journey and p.due_at <= v_now order by p.due_at limit p_limit for update skip locked)
            select p.journey_id, p.version, p.person, p.entry, p.step, p.is_waiting, v_now, p.until_at, p.data::text,
                case when p.arrived = '{}' then '{}' else array(select coalesce(e.data::text, '{}') from unnest(p.arrived) with ordinality a(id, n)
                    join martlet_data.events e on e.id = a.id order by a.n) end, l.look, l.accepted_at
            from taken p left join lateral (
                select case when m.message_id is null then 'ended' when bool_or(r.kind = 'clicked') then 'clicked' when bool_or(r.kind = 'opened') then 'opened'
                        when bool_or(r.kind = 'delivered') then 'delivered' when bool_or(r.kind in ('undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) then 'ended'
                        when bool_or(r.kind = 'accepted') then 'accepted' when exists (select from martlet_data.dead_letters d where d.message_id = m.message_id) then 'ended' else 'open' end as look,
                    min(r.at) filter (where r.kind = 'accepted') as accepted_at
                from martlet_data.journey_messages m left join martlet_data.receipts r on r.message_id = m.message_id and not r.stale
                where m.journey_id = p.journey_id and m.person = p.person and m.entry = p.entry and m.step = p.looks_at group by m.message_id) l on p.looks_at is not null;
        if found then
            return;
        end if;
    end loop;
end $$;

ALTER FUNCTION martlet_data.take_journey_people(p_limit integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.take_journey_steps(p_journey integer, p_turns jsonb[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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

ALTER FUNCTION martlet_data.take_journey_steps(p_journey integer, p_turns jsonb[]) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.take_rate(p_provider text, p_rate double precision, p_want integer, p_need integer, p_horizon double precision, OUT granted integer, OUT ahead double precision) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now  timestamptz;
    v_tail timestamptz;
begin
    -- One after another; each statement below sees what those before committed.
    perform pg_advisory_xact_lock(7340007, hashtext(p_provider));
    v_now := clock_timestamp();
    -- What lies further ahead was granted before the clock was set back.
    select g.until into v_tail from martlet_data.rate_grants g where g.provider = p_provider and g.until < v_now + interval '1 hour' order by g.until desc limit 1;
    v_tail := greatest(v_tail, v_now);
    ahead := extract(epoch from v_tail - v_now);
    granted := 0;
    if ahead < p_horizon then
        granted := greatest(p_need, least(p_want, ceil((p_horizon - ahead) * p_rate)::int));
        insert into martlet_data.rate_grants (provider, until) values (p_provider, v_tail + make_interval(secs => granted / p_rate));
        if random() < 0.02 then
            delete from martlet_data.rate_grants g where g.provider = p_provider and g.until < v_now - interval '10 seconds';
        end if;
    end if;
end $$;

ALTER FUNCTION martlet_data.take_rate(p_provider text, p_rate double precision, p_want integer, p_need integer, p_horizon double precision, OUT granted integer, OUT ahead double precision) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.taken_before(p_key text, class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
    select k.message_id from martlet_data.idempotency_keys k
        -- A value that no request may have is in none: its numbers are not written out.
        where k.producer = session_user and k.key = p_key and case when pg_column_size(variables) <= 65536 and pg_column_size(headers) <= 8192 is not false
            then k.request_hash = martlet_data.request_hash(class, channel, recipient, template, variables, scheduled_at, expires_at, recipient_key, locale, time_zone, tier,
                group_key, sender, headers) else false end $$;

ALTER FUNCTION martlet_data.taken_before(p_key text, class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.tell_journeys(p_event bigint, p_name text, p_recipient_key text, p_data jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    t         record;
    v_missing text;
    v_person  text := martlet_data.person_key(p_recipient_key);
begin
    for t in select g.kind, g.journey_id, g.version, g.condition, g.fields, g.version = j.version as is_newest from martlet_data.journey_triggers g
            join martlet_data.journeys j on j.id = g.journey_id where g.event = p_name
            order by g.journey_id, array_position('{goal,exit,await,entry}', g.kind::text), g.version loop
        if t.kind = 'goal' then
            perform martlet_data.leave_journey(t.journey_id, t.version, v_person, 'goal', p_name);
        elsif t.kind = 'exit' then
            perform martlet_data.leave_journey(t.journey_id, t.version, v_person, 'exited', p_name);
        elsif t.kind = 'await' then
            -- A worker that takes the end of the wait has the row: after its commit no row awaits the event any more.
            update martlet_data.journey_people p set arrived = p.arrived || p_event, due_at = least(p.due_at, clock_timestamp())
                where p.journey_id = t.journey_id and p.person = v_person and p.version = t.version and p.state = 'in' and p.awaits = p_name and p.is_waiting;
        elsif t.is_newest and (t.condition is null or coalesce(p_data, '{}') @@ t.condition) then
            select string_agg(f, ', ') into v_missing from unnest(t.fields) f where not coalesce(martlet_data.is_given(coalesce(p_data, '{}') #> string_to_array(f, '.')), false);
            perform martlet_data.enter_journey(t.journey_id, v_person, martlet_data.journey_data(p_recipient_key, p_data)::json, 'the event lacks: ' || v_missing);
        end if;
    end loop;
end $$;

ALTER FUNCTION martlet_data.tell_journeys(p_event bigint, p_name text, p_recipient_key text, p_data jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.template_stamp() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    -- Each worker asks once a second: plpgsql keeps the plan, a function in SQL makes one at every call.
    return (select count(*) || ' ' || coalesce(extract(epoch from max(t.pushed_at))::text, '-') from martlet_data.templates t);
end $$;

ALTER FUNCTION martlet_data.template_stamp() OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.time_from(p_field text, p_value text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE STRICT
    AS $$
begin
    -- Which of them is the day depends on the session's DateStyle.
    if p_value ~ '^ *[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}' then
        raise exception 'field %: % may be two days: which number is the month?', p_field, quote_literal(left(p_value, 64)) using errcode = 'MT007',
            hint = 'Write it as ISO 8601 with a zone, such as 2025-06-01T08:30:00+02:00.';
    end if;
    return p_value::timestamptz;
exception when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value or invalid_time_zone_displacement_value then
    raise exception 'field %: % is not a time', p_field, quote_literal(left(p_value, 64)) using errcode = 'MT007',
        hint = 'Write it as ISO 8601 with a zone, such as 2025-06-01T08:30:00+02:00.';
end $$;

ALTER FUNCTION martlet_data.time_from(p_field text, p_value text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.trimmed(p_value jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
begin
    return case jsonb_typeof(p_value)
        when 'number' then to_jsonb(trim_scale(p_value::numeric))
        when 'array' then (select coalesce(jsonb_agg(martlet_data.trimmed(e) order by n), '[]') from jsonb_array_elements(p_value) with ordinality a(e, n))
        when 'object' then (select coalesce(jsonb_object_agg(k, martlet_data.trimmed(v)), '{}') from jsonb_each(p_value) o(k, v))
        else p_value end;
end $$;

ALTER FUNCTION martlet_data.trimmed(p_value jsonb) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.undo_journey_goal(p_name text, p_person text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_person text := martlet_data.person_key(p_person);
    v_now    timestamptz := clock_timestamp();
    v_count  int := 0;
    v_open   bigint[];
    v_unsent bigint[];
    v_step   text;
    v_owner  text;
    v_id     int;
    p        martlet_data.journey_people;
begin
    for v_id in select distinct g.journey_id from martlet_data.journey_triggers g where g.event = p_name and g.kind = 'goal' order by 1 loop
        select * into p from martlet_data.journey_people o where o.journey_id = v_id and o.person = v_person and o.goal_at is not null
            and exists (select from martlet_data.journey_triggers g where g.event = p_name and g.kind = 'goal' and g.journey_id = v_id and g.version = o.version) for update;
        continue when not found;
        v_count := v_count + 1;
        v_open := array(select m.message_id from martlet_data.journey_messages m
            where m.journey_id = v_id and m.person = v_person and m.entry = p.entry and m.message_id is not null order by 1);
        v_step := null;
        if v_open <> '{}' then
            perform martlet_data.commit_durably();
            perform martlet_data.hold_from_admit(array_fill(7340010, array[cardinality(v_open)]), array(select hashint8(u) from unnest(v_open) u));
            delete from martlet_data.cancellations c where c.message_id = any (v_open);
            v_unsent := array(select u.id from unnest(v_open) u(id) where exists (select from martlet_data.receipts r where r.message_id = u.id and r.kind = 'cancelled')
                and not exists (select from martlet_data.attempts a where a.message_id = u.id));
            if v_unsent <> '{}' then
                select m.step into v_step from martlet_data.journey_messages m where m.journey_id = v_id and m.person = v_person and m.entry = p.entry and m.message_id = any (v_unsent)
                    order by m.message_id limit 1;
                select j.owner into v_owner from martlet_data.journeys j where j.id = v_id;
                delete from martlet_data.idempotency_keys i using martlet_data.journey_messages m where m.journey_id = v_id and m.person = v_person and m.entry = p.entry
                    and m.message_id = any (v_unsent) and i.producer = v_owner and i.key = format('journey:%s:%s:%s:%s', v_id, v_person, m.entry, m.step) and i.message_id = m.message_id;
                delete from martlet_data.journey_messages m where m.journey_id = v_id and m.person = v_person and m.entry = p.entry and m.message_id = any (v_unsent);
            end if;
        end if;
        if v_step is not null then
            update martlet_data.journey_people o set goal_at = null, state = 'in', reason = null, ended_at = null, step = v_step, is_waiting = false, due_at = v_now,
                    until_at = null, awaits = null, looks_at = null, arrived = '{}', resume_at = null where o.journey_id = v_id and o.person = v_person;
        else
            update martlet_data.journey_people o set goal_at = null, state = case when o.state = 'goal' then 'in' else o.state end, reason = case when o.state = 'goal' then null else o.reason end,
                    ended_at = case when o.state = 'goal' then null else o.ended_at end, due_at = case when o.state = 'goal' then coalesce(o.resume_at, v_now) end, resume_at = null
                where o.journey_id = v_id and o.person = v_person;
        end if;
    end loop;
    return v_count;
end $$;

ALTER FUNCTION martlet_data.undo_journey_goal(p_name text, p_person text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.unicode_label(p_label text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
declare
    v_input text := lower(substr(p_label, 5));
    v_points int[] := '{}';
    v_n int := 128;
    v_i int := 0;
    v_bias int := 72;
    v_at int := length(v_input) - position('-' in reverse(v_input));
    v_old int;
    v_weight bigint;
    v_k int;
    v_digit int;
    v_t int;
    v_delta int;
    v_count int;
begin
    if p_label !~* '^xn--[a-z0-9-]{1,59}$' then
        return p_label;
    end if;
    if position('-' in v_input) = 0 then
        v_at := 0;
    else
        v_points := array(select ascii(c) from regexp_split_to_table(left(v_input, v_at), '') c where v_at > 0);
        v_at := v_at + 1;
    end if;
    while v_at < length(v_input) loop
        v_old := v_i;
        v_weight := 1;
        v_k := 36;
        loop
            v_at := v_at + 1;
            v_digit := position(substr(v_input, v_at, 1) in 'abcdefghijklmnopqrstuvwxyz0123456789') - 1;
            if v_at > length(v_input) or v_digit < 0 or v_i + v_digit * v_weight > 1000000000 then
                return p_label;
            end if;
            v_i := v_i + v_digit * v_weight;
            v_t := greatest(1, least(26, v_k - v_bias));
            exit when v_digit < v_t;
            v_weight := v_weight * (36 - v_t);
            v_k := v_k + 36;
        end loop;
        v_count := cardinality(v_points) + 1;
        v_delta := case when v_old = 0 then (v_i - v_old) / 700 else (v_i - v_old) / 2 end;
        v_delta := v_delta + v_delta / v_count;
        v_k := 0;
        while v_delta > 455 loop
            v_delta := v_delta / 35;
            v_k := v_k + 36;
        end loop;
        v_bias := v_k + 36 * v_delta / (v_delta + 38);
        v_n := v_n + v_i / v_count;
        v_i := v_i % v_count;
        if v_n > 1114111 or v_n < 128 or v_n between 55296 and 57343 then
            return p_label;
        end if;
        v_points := v_points[1:v_i] || v_n || v_points[v_i + 1:];
        v_i := v_i + 1;
    end loop;
    -- A label that hides ASCII, or a dot behind compatibility characters, is no domain, and must not share a key with one.
    return coalesce((select d.text from (select string_agg(chr(p), '' order by n) as text, max(p) as highest from unnest(v_points) with ordinality u(p, n)) d
        where d.highest > 127 and d.text = normalize(d.text, nfkc)), p_label);
end $_$;

ALTER FUNCTION martlet_data.unicode_label(p_label text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.unsubscribe(p_message_id bigint, p_scope text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_channel text;
    v_address text;
    v_person text;
    v_changed boolean;
begin
    select c.name, m.address, m.recipient_key into v_channel, v_address, v_person
        from martlet_data.messages m join martlet_data.channels c on c.id = m.channel_id where m.id = p_message_id;
    if not found then
        return null;
    end if;
    if p_scope is null or not exists (select from martlet_data.classes c where c.name = p_scope) then
        p_scope := 'marketing';
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(
        array[martlet_data.opt_out_place(1000000000, v_channel, p_scope), martlet_data.opt_out_place(1400000000, v_channel, p_scope)],
        array[pg_catalog.hashtext(martlet_data.address_key(v_address)), pg_catalog.hashtext(martlet_data.person_key(v_person))]);
    insert into martlet_data.suppressions (channel, address, scope, reason) values (v_channel, v_address, p_scope, 'opt_out_link')
        on conflict (address, channel, scope) where lifted_at is null do nothing;
    v_changed := found;
    insert into martlet_data.consents (recipient_key, channel, purpose, status, method)
        select v_person, v_channel, p_scope, 'withdrawn', 'link'
        from (select c.status from martlet_data.consents c where c.person_key = martlet_data.person_key(v_person) and c.channel = v_channel and c.purpose = p_scope order by c.id desc limit 1) n
        where n.status <> 'withdrawn';
    return v_changed or found;
end $$;

ALTER FUNCTION martlet_data.unsubscribe(p_message_id bigint, p_scope text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.unusual_address_key(p_address text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
declare
    v_address text := p_address;
    v_at int := position('@' in p_address);
    v_local text;
    v_host text;
begin
    if v_at > 1 then
        v_local := substr(p_address, 1, v_at - 1);
        v_host := translate(substr(p_address, v_at + 1), U&'\3002\FF0E\FF61', '...');
        if octet_length(v_local) <> length(v_local) then
            v_local := normalize(v_local, nfc);
        end if;
        if v_host ~* '(^|\.)xn--' then
            select string_agg(martlet_data.unicode_label(l.label), '.' order by l.n) into v_host from unnest(string_to_array(v_host, '.')) with ordinality l(label, n);
        end if;
        if octet_length(v_host) <> length(v_host) then
            v_host := normalize(v_host, nfkc);
        end if;
        begin
            return lower(v_local collate "und-x-icu") || '@' || lower(v_host collate "und-x-icu");
        exception when undefined_object then -- a server without ICU
            -- Its C library makes a plain i of the Turkish capital.
            return lower(replace(v_local, U&'\0130', U&'i\0307')) || '@' || lower(replace(v_host, U&'\0130', U&'i\0307'));
        end;
    end if;
    if v_address ~* '^(tel|sms|whatsapp):\+?[1-9][0-9]{6,14}$' then
        v_address := '+' || ltrim(substr(v_address, 1 + position(':' in v_address)), '+');
    elsif v_address ~ '^[1-9][0-9]{6,14}$' then
        v_address := '+' || v_address; -- as WhatsApp writes them
    end if;
    return case
        when v_address ~ '^\+521[0-9]{10}$' then '+52' || substr(v_address, 5) -- Mexico: the 1 of calls from abroad, gone since 2019
        when v_address ~ '^\+549[0-9]{10}$' then '+54' || substr(v_address, 5) -- Argentina: the 9 of mobiles
        when v_address ~ '^\+55[1-9][0-9][6-9][0-9]{7}$' then left(v_address, 5) || '9' || substr(v_address, 6) -- Brazil: the ninth digit of mobiles
        when v_address ~ '^\+229[0-9]{8}$' then '+22901' || substr(v_address, 5) -- Benin: ten digits since 2024-11-30
        else v_address end;
end $_$;

ALTER FUNCTION martlet_data.unusual_address_key(p_address text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.variables_of(p_message bigint) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select coalesce((select q.variables from martlet_data.requeues q where q.message_id = p_message and q.variables is not null order by q.series desc limit 1),
        (select m.variables::jsonb from martlet_data.messages m where m.id = p_message), (select d.message -> 'variables' from martlet_data.dead_letters d where d.message_id = p_message), '{}') $$;

ALTER FUNCTION martlet_data.variables_of(p_message bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.wait_for_messages(p_sequence bigint, p_open xid8[], p_poll integer, p_timeout integer, p_promotes boolean, OUT elected boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    -- pg_sleep rounds up to the next whole millisecond.
    v_pause constant float8 := (p_poll - 0.1) / 1000;
    v_soon  constant float8 := 0.0009;
    v_began constant timestamptz := clock_timestamp();
    v_until timestamptz := v_began + p_timeout * interval '1 millisecond';
    v_look  timestamptz; -- when to look at more than the sequence
    v_due   timestamptz := case when p_promotes then v_began end;
    v_xmax  xid8;
begin
    elected := p_timeout > 0 and pg_try_advisory_xact_lock(7340009, 1);
    is_due := false;
    loop
        -- All of a wait happens in such lines: expressions without SELECT or PERFORM, which cost less than half. Each has a snapshot of its own.
        v_xmax := pg_snapshot_xmax(pg_current_snapshot());
        v_look := least(v_until, v_due, case when p_open <> '{}' then clock_timestamp() + interval '10 milliseconds' end);
        while coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0) = p_sequence and elected and clock_timestamp() < v_look
            and pg_snapshot_xmax(pg_current_snapshot()) = v_xmax
            and pg_sleep(case when p_open <> '{}' and clock_timestamp() < v_began + interval '20 milliseconds' then v_soon else v_pause end) is not null loop
        end loop;
        if coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0) <> p_sequence then
            v_until := clock_timestamp() + interval '10 milliseconds';
            while elected and pg_snapshot_xmax(pg_current_snapshot()) = v_xmax and clock_timestamp() < v_until and pg_sleep(v_soon) is not null loop
            end loop;
            exit;
        end if;
        exit when p_open <> '{}' and exists (select from unnest(p_open) o where pg_visible_in_snapshot(o, pg_current_snapshot()));
        if p_promotes and clock_timestamp() >= v_due then
            is_due := exists (select from martlet_data.due d where d.due_at <= clock_timestamp());
            exit when is_due;
            v_due := clock_timestamp() + interval '100 milliseconds';
        end if;
        exit when not elected or clock_timestamp() >= v_until;
    end loop;
    -- While messages trickle in a wait ends by them, each time: what is due must show all the same.
    if p_promotes and not is_due then
        is_due := exists (select from martlet_data.due d where d.due_at <= clock_timestamp());
    end if;
    -- In this order: a transaction that has no number below "next" took none before message_seq was read. age() counts from the last that was given out.
    snapshot := pg_current_snapshot()::text;
    sequence := coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0);
    next := pg_snapshot_xmax(snapshot::pg_snapshot)::text::bigint + age(pg_snapshot_xmax(snapshot::pg_snapshot)::xid) + 1;
    select array_agg(pg_sequence_last_value(l.cursor) order by l.lane) into cursors from martlet_data.lanes l;
    leased_cursor := pg_sequence_last_value('martlet_data.leased_cursor');
    due_cursor := pg_sequence_last_value('martlet_data.due_cursor');
end $$;

ALTER FUNCTION martlet_data.wait_for_messages(p_sequence bigint, p_open xid8[], p_poll integer, p_timeout integer, p_promotes boolean, OUT elected boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.wake_sleeper(p_lane smallint DEFAULT NULL::smallint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    -- The queue of notifications may not be filled by a listener of somebody else that does not read: a commit that notifies would then be refused.
    if pg_sequence_last_value('martlet_data.sleeper') > date_part('epoch', clock_timestamp()) * 1000 and pg_notification_queue_usage() < 0.1 then
        perform pg_notify('martlet_ready', coalesce(p_lane::text, ''));
    end if;
end $$;

ALTER FUNCTION martlet_data.wake_sleeper(p_lane smallint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.was_same_request(p_hash bytea, p_message_id bigint, class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, p_address text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select length(p_hash) = 32 and (p_hash = sha256(convert_to(jsonb_build_array(class, channel, recipient, template, variables, scheduled_at, expires_at,
            recipient_key, locale, time_zone, tier, group_key, sender, headers)::text, 'UTF8'))
        or exists (select from martlet_data.messages m join martlet_data.classes c on c.id = m.class_id join martlet_data.channels h on h.id = m.channel_id
            where m.id = p_message_id and c.name = was_same_request.class and h.name = was_same_request.channel and m.address = p_address and m.template = was_same_request.template
                and (c.erases_body or m.variables::jsonb = was_same_request.variables and m.headers is not distinct from was_same_request.headers)
                and (was_same_request.scheduled_at is null or coalesce(m.scheduled_at, m.created_at) = was_same_request.scheduled_at or m.scheduled_at is null and was_same_request.scheduled_at <= m.created_at)
                and (was_same_request.scheduled_at is not null or m.scheduled_at is null)
                and (was_same_request.expires_at is null or m.expires_at = was_same_request.expires_at)
                and m.recipient_key = coalesce(was_same_request.recipient_key, p_address)
                and (m.locale, m.time_zone, m.tier, m.group_key, m.sender) is not distinct from
                    (was_same_request.locale, was_same_request.time_zone, was_same_request.tier, was_same_request.group_key, was_same_request.sender))) $$;

ALTER FUNCTION martlet_data.was_same_request(p_hash bytea, p_message_id bigint, class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, p_address text) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.watch_queue(p_elects boolean, p_holds boolean, p_sleeps boolean, p_promotes boolean, p_behind bigint DEFAULT NULL::bigint, OUT elected boolean, OUT is_behind boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_now   constant bigint := date_part('epoch', clock_timestamp()) * 1000;
    v_until constant bigint := coalesce(pg_sequence_last_value('martlet_data.sleeper'), 0);
begin
    elected := p_elects and (p_holds or pg_try_advisory_lock(7340009, 1));
    if p_holds and not p_elects then
        perform pg_advisory_unlock_all();
    end if;
    if elected and p_sleeps then
        -- It is written to the log: not at every call.
        if v_until < v_now + 1500 then
            perform set_config('synchronous_commit', 'off', true);
            perform setval('martlet_data.sleeper', v_now + 3000);
        end if;
    elsif (elected or p_holds) and v_until > v_now then
        perform set_config('synchronous_commit', 'off', true);
        perform setval('martlet_data.sleeper', 1);
    end if;
    -- Not in one expression: a query inside an expression is made ready even where it is not asked.
    is_behind := false;
    if p_behind is not null and not elected then
        is_behind := exists (select from martlet_data.ready r where r.seq <= p_behind);
    end if;
    is_due := false;
    if p_promotes then
        is_due := exists (select from martlet_data.due d where d.due_at <= clock_timestamp());
    end if;
    -- In this order: a transaction that has no number below "next" took none before message_seq was read. age() counts from the last that was given out.
    snapshot := pg_current_snapshot()::text;
    sequence := coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0);
    next := pg_snapshot_xmax(snapshot::pg_snapshot)::text::bigint + age(pg_snapshot_xmax(snapshot::pg_snapshot)::xid) + 1;
    select array_agg(pg_sequence_last_value(l.cursor) order by l.lane) into cursors from martlet_data.lanes l;
    leased_cursor := pg_sequence_last_value('martlet_data.leased_cursor');
    due_cursor := pg_sequence_last_value('martlet_data.due_cursor');
end $$;

ALTER FUNCTION martlet_data.watch_queue(p_elects boolean, p_holds boolean, p_sleeps boolean, p_promotes boolean, p_behind bigint, OUT elected boolean, OUT is_behind boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.work_on_jobs(p_job bigint, p_limit integer) RETURNS TABLE(job_id bigint, action text, done integer, skipped integer, has_ended boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    j      martlet_data.jobs;
    v_size int;
    v_ids  bigint[];
    v_live bigint[];
    v_done int;
begin
    select * into j from martlet_data.jobs k where k.state = 'running' and k.next_at <= clock_timestamp() and (p_job is null or k.id = p_job)
            and (k.action <> 'requeue' or martlet_data.policy_is_seen())
        order by k.next_at limit 1 for update skip locked;
    if not found then
        return;
    end if;
    perform martlet_data.commit_durably();
    -- What its creator may no longer do is not done in that name.
    if not exists (select from pg_roles r where r.rolname = j.created_by and pg_has_role(r.oid, 'martlet_admin', 'member')) then
        perform martlet_data.end_job(j.id, null, j.created_by || ' is not martlet_admin any more');
        insert into martlet_data.audit (action, object, why) values ('stop_job', 'job ' || j.id, j.created_by || ' is not martlet_admin any more');
        return query select j.id, j.action, 0, 0, true;
        return;
    end if;
    v_size := greatest(1, least(p_limit, coalesce(j.per_second / 2, p_limit)));
    v_ids := array(select m.message_id from martlet_data.job_messages m where m.job_id = j.id and m.result is null order by m.message_id limit v_size);
    v_live := array(select d.message_id from martlet_data.dead_letters d join martlet_data.job_messages m on m.job_id = j.id and m.message_id = d.message_id and m.series = d.series
        where d.message_id = any (v_ids) order by d.message_id for update of d);
    update martlet_data.job_messages m set result = 'skipped', at = clock_timestamp(), sqlstate = 'MT012', hint = '"martlet message show" tells what became of it.',
            reason = format(case when m.series is null then 'message %s was not a dead letter' when d.message_id is null then 'message %s is not a dead letter any more'
                else 'message %s was requeued by somebody else, and died again' end, m.message_id)
        from unnest(v_ids) i(id) left join martlet_data.dead_letters d on d.message_id = i.id
        where m.job_id = j.id and m.message_id = i.id and not i.id = any (v_live);
    perform martlet_data.act_on_job(j, v_live);
    select count(*) into v_done from martlet_data.job_messages m where m.job_id = j.id and m.message_id = any (v_ids) and m.result = 'done';
    update martlet_data.jobs k set done = k.done + v_done, skipped = k.skipped + cardinality(v_ids) - v_done,
            -- On average its rate: what was late by less than a second is made up for.
            next_at = case when j.per_second is null then k.next_at
                else greatest(k.next_at, clock_timestamp() - interval '1 second') + cardinality(v_ids) * interval '1 second' / j.per_second end
        where k.id = j.id;
    if not exists (select from martlet_data.job_messages m where m.job_id = j.id and m.result is null) then
        perform martlet_data.end_job(j.id, null, null);
    end if;
    return query select j.id, j.action, v_done, cardinality(v_ids) - v_done, k.state <> 'running' from martlet_data.jobs k where k.id = j.id;
end $$;

ALTER FUNCTION martlet_data.work_on_jobs(p_job bigint, p_limit integer) OWNER TO martlet_owner;

CREATE FUNCTION martlet_data.written_out(p_field text, p_element bigint, p_value jsonb, p_limit integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
    v_text text := case when pg_column_size(p_value) <= 4096 then p_value::text end;
begin
    if p_value is null or octet_length(v_text) <= 400 or v_text !~ '[0-9]{200}' then
        return v_text;
    end if;
    perform martlet_data.check_json(p_field, p_value, p_limit, format('element %s: ', p_element));
    return p_value::text;
end $$;

ALTER FUNCTION martlet_data.written_out(p_field text, p_element bigint, p_value jsonb, p_limit integer) OWNER TO martlet_owner;

CREATE VIEW martlet.attempts AS
 SELECT a.message_id,
    a.attempt,
    a.provider,
    a.session,
    a.admitted_at,
    a.send_by,
    a.template_version,
    a.segments,
    a.cost_micros,
    a.currency,
    o.kind AS outcome,
    o.at AS answered_at,
    o.code,
    o.detail,
    o.reference
   FROM (martlet_data.attempts a
     LEFT JOIN LATERAL ( SELECT r.message_id,
            r.at,
            r.kind,
            r.attempt,
            r.provider,
            r.code,
            r.detail,
            r.reference,
            r.stale,
            r.actor,
            r.part
           FROM martlet_data.receipts r
          WHERE ((r.message_id = a.message_id) AND (r.attempt = a.attempt) AND (r.kind = ANY (ARRAY['accepted'::text, 'deferred'::text, 'rejected'::text, 'unknown'::text])))
          ORDER BY (r.kind <> 'unknown'::text) DESC, r.at
         LIMIT 1) o ON (true));

ALTER TABLE martlet.attempts OWNER TO martlet_owner;

CREATE TABLE martlet_data.audience_rejects (
    audience_id integer NOT NULL,
    n bigint NOT NULL,
    line bigint,
    field text NOT NULL COLLATE pg_catalog."C",
    problem text NOT NULL
);

ALTER TABLE martlet_data.audience_rejects OWNER TO martlet_owner;

CREATE TABLE martlet_data.audiences (
    id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    owner text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    query text,
    state text DEFAULT 'building'::text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    checked bigint DEFAULT 0 NOT NULL,
    members bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    CONSTRAINT audiences_state_check CHECK ((state = ANY (ARRAY['building'::text, 'ready'::text, 'replaced'::text])))
);

ALTER TABLE martlet_data.audiences OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.audiences.checked IS 'Rows up to this position have been checked; a run takes only these.';

CREATE VIEW martlet.audience_rejects AS
 SELECT a.name AS audience,
    r.audience_id,
    r.line,
    r.n,
    r.field,
    r.problem
   FROM (martlet_data.audience_rejects r
     JOIN martlet_data.audiences a ON ((a.id = r.audience_id)))
  WHERE ((a.state <> 'replaced'::text) AND ((a.owner = SESSION_USER) OR pg_has_role(SESSION_USER, 'martlet_admin'::name, 'member'::text) OR pg_has_role(SESSION_USER, 'martlet_reader'::name, 'member'::text)));

ALTER TABLE martlet.audience_rejects OWNER TO martlet_owner;

COMMENT ON VIEW martlet.audience_rejects IS 'Rows that a list could not take: line (as it was given), field, what is wrong.';

CREATE TABLE martlet_data.audience_members (
    audience_id integer NOT NULL,
    n bigint NOT NULL,
    line bigint,
    person text COLLATE pg_catalog."C",
    sms text COLLATE pg_catalog."C",
    email text COLLATE pg_catalog."C",
    addresses jsonb,
    locale text COLLATE pg_catalog."C",
    time_zone text COLLATE pg_catalog."C",
    tier text COLLATE pg_catalog."C",
    variables json
)
PARTITION BY LIST (audience_id);

ALTER TABLE martlet_data.audience_members OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.audience_members.n IS 'Position: grows, with gaps. Rows are never updated after they were checked.';

COMMENT ON COLUMN martlet_data.audience_members.addresses IS 'By name of an HTTP channel.';

CREATE VIEW martlet.audience_rows AS
 SELECT m.audience_id,
    m.line,
    m.person,
    m.sms,
    m.email,
    m.addresses,
    m.locale,
    m.time_zone,
    m.tier,
    m.variables
   FROM martlet_data.audience_members m
  WHERE (m.audience_id IN ( SELECT a.id
           FROM martlet_data.audiences a
          WHERE ((a.state = 'building'::text) AND (a.owner = SESSION_USER))))
  WITH CASCADED CHECK OPTION;

ALTER TABLE martlet.audience_rows OWNER TO martlet_owner;

COMMENT ON VIEW martlet.audience_rows IS 'Insert people here between begin_audience and finish_audience.';

CREATE VIEW martlet.audiences AS
 SELECT a.name,
    a.id AS audience_id,
    a.owner,
    a.members,
    a.rejected,
    a.created_at,
    a.changed_at,
    a.query
   FROM martlet_data.audiences a
  WHERE (a.state = 'ready'::text);

ALTER TABLE martlet.audiences OWNER TO martlet_owner;

COMMENT ON VIEW martlet.audiences IS 'Lists of people. members: after what could not be used and doubles were taken out.';

CREATE TABLE martlet_data.audit (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    object text NOT NULL COLLATE pg_catalog."C",
    why text COLLATE pg_catalog."C",
    detail jsonb
);

ALTER TABLE martlet_data.audit OWNER TO martlet_owner;

CREATE VIEW martlet.audit AS
 SELECT a.id,
    a.at,
    a.actor,
    a.action,
    a.object,
    a.why,
    a.detail
   FROM martlet_data.audit a;

ALTER TABLE martlet.audit OWNER TO martlet_owner;

CREATE TABLE martlet_data.budget_usage (
    key text NOT NULL COLLATE pg_catalog."C",
    unit text NOT NULL COLLATE pg_catalog."C",
    used bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT budget_usage_used_check CHECK ((used >= 0))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02');

ALTER TABLE martlet_data.budget_usage OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.budget_usage.key IS 'The budget''s name; with the group''s key behind a slash where each group has the budget for itself.';

COMMENT ON COLUMN martlet_data.budget_usage.ends_at IS 'Midnight in the budget''s zone; from then on nothing is used.';

CREATE TABLE martlet_data.budgets (
    name text NOT NULL COLLATE pg_catalog."C",
    classes text[] NOT NULL,
    channels text[] NOT NULL,
    providers text[] NOT NULL,
    per_group boolean NOT NULL,
    time_zone text NOT NULL COLLATE pg_catalog."C",
    unit text NOT NULL COLLATE pg_catalog."C",
    amount bigint NOT NULL,
    over text NOT NULL COLLATE pg_catalog."C",
    retired_at timestamp with time zone,
    CONSTRAINT budgets_amount_check CHECK ((amount >= 0)),
    CONSTRAINT budgets_over_check CHECK ((over = ANY (ARRAY['defer'::text, 'stop'::text])))
);

ALTER TABLE martlet_data.budgets OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.budgets.classes IS 'Empty: all; so are channels and providers.';

COMMENT ON COLUMN martlet_data.budgets.unit IS '''segments'', or the currency of amount, which is in millionths then.';

CREATE VIEW martlet.budgets AS
 SELECT b.name,
    NULLIF(substr(u.key, (length(b.name) + 2)), ''::text) AS group_key,
    b.classes,
    b.channels,
    b.providers,
    b.unit,
    b.amount AS limit_amount,
    c.used,
    GREATEST((0)::bigint, (b.amount - c.used)) AS left_amount,
    b.over,
    b.time_zone,
    ((date_trunc('day'::text, (clock_timestamp() AT TIME ZONE b.time_zone)) + '1 day'::interval) AT TIME ZONE b.time_zone) AS renews_at
   FROM ((martlet_data.budgets b
     LEFT JOIN martlet_data.budget_usage u ON (
        CASE
            WHEN b.per_group THEN (starts_with(u.key, (b.name || '/'::text)) AND (u.ends_at > clock_timestamp()))
            ELSE (u.key = b.name)
        END))
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN ((u.ends_at > clock_timestamp()) AND (u.unit = b.unit)) THEN u.used
                    ELSE (0)::bigint
                END AS used) c)
  WHERE (b.retired_at IS NULL);

ALTER TABLE martlet.budgets OWNER TO martlet_owner;

COMMENT ON VIEW martlet.budgets IS 'What is used of each budget today. Amounts in segments, or in millionths of the currency that unit names; group_key: where each group has the budget for itself.';

CREATE VIEW martlet.bulk_enqueue AS
 SELECT NULL::text AS class,
    NULL::text AS channel,
    NULL::text AS recipient,
    NULL::text AS template,
    NULL::jsonb AS variables,
    NULL::text AS idempotency_key,
    NULL::timestamp with time zone AS scheduled_at,
    NULL::timestamp with time zone AS expires_at,
    NULL::text AS recipient_key,
    NULL::text AS locale,
    NULL::text AS time_zone,
    NULL::text AS tier,
    NULL::text AS group_key,
    NULL::text AS sender,
    NULL::jsonb AS headers,
    NULL::text AS traceparent,
    NULL::boolean AS check_template
  WHERE false;

ALTER TABLE martlet.bulk_enqueue OWNER TO martlet_owner;

CREATE TABLE martlet_data.cluster (
    is_only boolean DEFAULT true NOT NULL,
    number smallint DEFAULT 0 NOT NULL,
    since_id bigint,
    since_seq bigint,
    set_at timestamp with time zone,
    set_by text COLLATE pg_catalog."C",
    CONSTRAINT cluster_is_only_check CHECK (is_only),
    CONSTRAINT cluster_number_check CHECK (((number >= 0) AND (number <= 63)))
);

ALTER TABLE martlet_data.cluster OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.cluster IS 'One row: the number of this cluster, set by martlet.set_cluster.';

COMMENT ON COLUMN martlet_data.cluster.since_id IS 'The first id that could carry a number. Lower ids belong to cluster 0, whatever their bits are. Null: no number was ever set, all ids belong to cluster 0.';

COMMENT ON COLUMN martlet_data.cluster.since_seq IS 'Where message_seq stood when the number was set: once it has moved, the number stays.';

CREATE VIEW martlet.cluster AS
 SELECT (c.number)::integer AS number,
    c.since_id,
    martlet.created_at(c.since_id) AS since,
    c.set_by
   FROM martlet_data.cluster c;

ALTER TABLE martlet.cluster OWNER TO martlet_owner;

COMMENT ON VIEW martlet.cluster IS 'The number of this cluster (0 … 63), and the first id that could carry it. Null: all ids belong to cluster 0.';

CREATE TABLE martlet_data.code_pools (
    name text NOT NULL COLLATE pg_catalog."C",
    low_water bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.code_pools OWNER TO martlet_owner;

CREATE TABLE martlet_data.codes (
    pool text NOT NULL COLLATE pg_catalog."C",
    code text NOT NULL COLLATE pg_catalog."C",
    n bigint NOT NULL,
    state text DEFAULT 'free'::text NOT NULL COLLATE pg_catalog."C",
    valid_until timestamp with time zone,
    message_id bigint,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT codes_check CHECK (((state = 'free'::text) = (message_id IS NULL))),
    CONSTRAINT codes_state_check CHECK ((state = ANY (ARRAY['free'::text, 'reserved'::text, 'held'::text, 'spent'::text])))
);

ALTER TABLE martlet_data.codes OWNER TO martlet_owner;

CREATE VIEW martlet.code_pools AS
 SELECT p.name AS pool,
    count(c.code) AS codes,
    count(*) FILTER (WHERE ((c.state = 'free'::text) AND ((c.valid_until > now()) IS NOT FALSE))) AS free,
    count(*) FILTER (WHERE (c.state = 'reserved'::text)) AS reserved,
    count(*) FILTER (WHERE (c.state = 'held'::text)) AS held,
    count(*) FILTER (WHERE (c.state = 'spent'::text)) AS spent,
    count(*) FILTER (WHERE ((c.state = 'free'::text) AND (c.valid_until <= now()))) AS expired
   FROM (martlet_data.code_pools p
     LEFT JOIN martlet_data.codes c ON ((c.pool = p.name)))
  GROUP BY p.name;

ALTER TABLE martlet.code_pools OWNER TO martlet_owner;

COMMENT ON VIEW martlet.code_pools IS 'Codes by pool: free; reserved for a message that is on its way; held, because it is not known whether the message arrived; spent; expired before a person got it. No code is shown.';

CREATE TABLE martlet_data.connection_slots (
    provider text NOT NULL COLLATE pg_catalog."C",
    slot integer NOT NULL,
    session integer NOT NULL,
    taken_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE martlet_data.connection_slots OWNER TO martlet_owner;

CREATE TABLE martlet_data.sessions (
    id integer NOT NULL,
    worker text NOT NULL COLLATE pg_catalog."C",
    host text NOT NULL COLLATE pg_catalog."C",
    pid integer NOT NULL,
    version text NOT NULL COLLATE pg_catalog."C",
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    beat_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    in_flight integer DEFAULT 0 NOT NULL,
    is_draining boolean DEFAULT false NOT NULL,
    fenced_at timestamp with time zone,
    ended_at timestamp with time zone,
    sees_opt_outs boolean DEFAULT false NOT NULL,
    policy_version integer,
    templates text COLLATE pg_catalog."C",
    policy_problem text
)
WITH (fillfactor='50');

ALTER TABLE martlet_data.sessions OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.sessions.sees_opt_outs IS 'Its Admit looks for what is being opted out of by itself, not by bucket.';

COMMENT ON COLUMN martlet_data.sessions.policy_version IS 'Works by this version of the policy; null: a worker of an older version does not say.';

COMMENT ON COLUMN martlet_data.sessions.templates IS 'Works by these templates: martlet_data.template_stamp() when it read them.';

COMMENT ON COLUMN martlet_data.sessions.policy_problem IS 'Why it cannot use the newest policy; null: nothing is wrong with that.';

CREATE VIEW martlet.connections AS
 SELECT c.provider,
    s.worker,
    c.session,
    count(*) AS connections,
    min(c.taken_at) AS since
   FROM (martlet_data.connection_slots c
     LEFT JOIN martlet_data.sessions s ON ((s.id = c.session)))
  GROUP BY c.provider, s.worker, c.session;

ALTER TABLE martlet.connections OWNER TO martlet_owner;

COMMENT ON VIEW martlet.connections IS 'Of providers with max_connections: how many connections each worker may have open now.';

CREATE VIEW martlet.dead_letters AS
 SELECT d.message_id,
    d.class,
    d.channel,
    martlet_data.shown(d.recipient_key) AS recipient_key,
    martlet_data.shown(d.address) AS address,
    d.template,
    d.provider,
    d.reason,
    d.explanation,
    d.remedy,
    d.died_at,
    d.attempt AS attempts,
    martlet.created_at(d.message_id) AS created_at
   FROM martlet_data.dead_letters d;

ALTER TABLE martlet.dead_letters OWNER TO martlet_owner;

CREATE TABLE martlet_data.follow_ups (
    message_id bigint NOT NULL,
    condition text NOT NULL COLLATE pg_catalog."C",
    after interval NOT NULL,
    due_at timestamp with time zone NOT NULL,
    class text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    template text NOT NULL COLLATE pg_catalog."C",
    locale text COLLATE pg_catalog."C",
    sender text COLLATE pg_catalog."C",
    variables json,
    request_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    state text DEFAULT 'open'::text NOT NULL COLLATE pg_catalog."C",
    why text COLLATE pg_catalog."C",
    decided_at timestamp with time zone,
    sent_id bigint,
    CONSTRAINT follow_ups_check CHECK ((((state = 'open'::text) = (decided_at IS NULL)) AND ((state = 'sent'::text) = (sent_id IS NOT NULL)))),
    CONSTRAINT follow_ups_condition_check CHECK ((condition = ANY (ARRAY['undelivered'::text, 'not_delivered'::text, 'not_opened'::text, 'not_clicked'::text]))),
    CONSTRAINT follow_ups_state_check CHECK ((state = ANY (ARRAY['open'::text, 'sent'::text, 'settled'::text, 'lapsed'::text, 'refused'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.1');

ALTER TABLE martlet_data.follow_ups OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.follow_ups.due_at IS 'When it is looked at again; the facts of that moment decide.';

COMMENT ON COLUMN martlet_data.follow_ups.variables IS 'Null: those of the message; also null once it is decided.';

CREATE VIEW martlet.follow_ups AS
 SELECT f.message_id,
    f.condition,
    f.after,
    f.state,
    f.why,
    f.due_at,
    f.decided_at,
    f.sent_id,
    f.class,
    f.channel,
    martlet_data.shown(f.address) AS address,
    f.template
   FROM martlet_data.follow_ups f;

ALTER TABLE martlet.follow_ups OWNER TO martlet_owner;

COMMENT ON VIEW martlet.follow_ups IS 'Messages with a follow-up, and what became of it: open, sent (as sent_id), settled, lapsed, refused; why.';

CREATE TABLE martlet_data.inbound_texts (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    sender text NOT NULL COLLATE pg_catalog."C",
    recipient text NOT NULL COLLATE pg_catalog."C",
    body text,
    octets bytea NOT NULL,
    data_coding smallint NOT NULL,
    reference integer,
    part smallint DEFAULT 1 NOT NULL,
    parts smallint DEFAULT 1 NOT NULL,
    first_id bigint
);

ALTER TABLE martlet_data.inbound_texts OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.inbound_texts.first_id IS 'The part of the same text that came first; null: this one.';

CREATE VIEW martlet.inbound_events AS
 SELECT e."position" AS id,
    e.at,
    e.channel,
    martlet_data.shown(COALESCE(e.address, t.sender)) AS sender,
    t.recipient,
    t.provider,
    t.body AS text,
    e.keyword,
    e.answers AS message_id,
    e.answer,
    m.group_key,
    m.template,
    c.name AS class
   FROM (((martlet_data.inbound_events e
     CROSS JOIN LATERAL ( SELECT min(i.provider) AS provider,
            min(i.sender) AS sender,
            min(i.recipient) AS recipient,
            string_agg(i.body, ''::text ORDER BY i.part) AS body
           FROM martlet_data.inbound_texts i
          WHERE ((i.id = e.inbound_id) OR (i.first_id = e.inbound_id))) t)
     LEFT JOIN LATERAL ( SELECT m_1.id,
            m_1.class_id,
            m_1.channel_id,
            m_1.recipient_key,
            m_1.address,
            m_1.template,
            m_1.locale,
            m_1.sender,
            m_1.time_zone,
            m_1.tier,
            m_1.group_key,
            m_1.variables,
            m_1.headers,
            m_1.traceparent,
            m_1.producer,
            m_1.created_at,
            m_1.expires_at,
            m_1.scheduled_at
           FROM martlet_data.messages m_1
          WHERE (m_1.id = e.answers)
         OFFSET 0) m ON (true))
     LEFT JOIN martlet_data.classes c ON ((c.id = m.class_id)))
  WHERE (e."position" IS NOT NULL);

ALTER TABLE martlet.inbound_events OWNER TO martlet_owner;

COMMENT ON VIEW martlet.inbound_events IS 'Replies, whole ones. Nothing becomes visible below an id that was seen: remember the last and ask for what is above it.';

CREATE VIEW martlet.inbound_texts AS
 SELECT t.first AS id,
    t.at,
    t.provider,
    martlet_data.shown(t.sender) AS sender,
    t.recipient,
    t.body,
    t.data_coding,
    t.octets,
    t.parts,
    t.parts_here,
    (t.parts_here = t.parts) AS is_complete
   FROM ( SELECT COALESCE(i.first_id, i.id) AS first,
            min(i.at) AS at,
            min(i.provider) AS provider,
            min(i.sender) AS sender,
            min(i.recipient) AS recipient,
                CASE
                    WHEN bool_and((i.body IS NOT NULL)) THEN string_agg(i.body, ''::text ORDER BY i.part)
                    ELSE NULL::text
                END AS body,
            min(i.data_coding) AS data_coding,
            string_agg(i.octets, '\x'::bytea ORDER BY i.part) AS octets,
            min(i.parts) AS parts,
            (count(*))::smallint AS parts_here
           FROM martlet_data.inbound_texts i
          GROUP BY COALESCE(i.first_id, i.id)) t;

ALTER TABLE martlet.inbound_texts OWNER TO martlet_owner;

COMMENT ON VIEW martlet.inbound_texts IS 'What people wrote to our numbers; at least once each. body is null where the octets could not be read (unreadable_texts counts these).';

CREATE TABLE martlet_data.job_messages (
    job_id bigint NOT NULL,
    message_id bigint NOT NULL,
    series smallint,
    result text COLLATE pg_catalog."C",
    sqlstate text COLLATE pg_catalog."C",
    reason text COLLATE pg_catalog."C",
    hint text COLLATE pg_catalog."C",
    at timestamp with time zone,
    CONSTRAINT job_messages_check CHECK (((result IS NULL) = (at IS NULL))),
    CONSTRAINT job_messages_check1 CHECK (((reason IS NOT NULL) = (COALESCE(result, ''::text) = 'skipped'::text))),
    CONSTRAINT job_messages_result_check CHECK ((result = ANY (ARRAY['done'::text, 'skipped'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.1');

ALTER TABLE martlet_data.job_messages OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.job_messages IS 'The messages of a job, fixed when it begins, each with its result.';

COMMENT ON COLUMN martlet_data.job_messages.series IS 'Of the death that was meant: what was requeued since and died again is skipped. Null: it was no dead letter.';

CREATE VIEW martlet.job_messages AS
 SELECT m.job_id,
    m.message_id,
    COALESCE(m.result, 'waiting'::text) AS result,
    m.at,
    m.sqlstate,
        CASE
            WHEN ((m.sqlstate ~~ 'MT%'::text) OR pg_has_role(CURRENT_USER, 'martlet_admin'::name, 'usage'::text)) THEN m.reason
            WHEN (m.reason IS NOT NULL) THEN 'shown to admins'::text
            ELSE NULL::text
        END AS reason,
    m.hint
   FROM martlet_data.job_messages m;

ALTER TABLE martlet.job_messages OWNER TO martlet_owner;

COMMENT ON VIEW martlet.job_messages IS 'The messages of a job, each with its result: waiting, done, skipped and why.';

CREATE VIEW martlet.jobs AS
 SELECT j.id,
    j.action,
    j.state,
    j.why,
    j.selection,
    (j.options - 'variables'::text) AS options,
    (j.options ?| ARRAY['variables'::text, 'edited_variables'::text]) AS edited_variables,
    j.per_second,
    j.messages,
    j.done,
    j.skipped,
    ((j.messages - j.done) - j.skipped) AS waiting,
    j.created_at,
    j.created_by,
    j.ended_at,
    j.stopped_by,
    j.stop_why
   FROM martlet_data.jobs j;

ALTER TABLE martlet.jobs OWNER TO martlet_owner;

COMMENT ON VIEW martlet.jobs IS 'Work on many dead letters, with how far it is. state: running, finished, stopped.';

CREATE TABLE martlet_data.journey_people (
    journey_id integer NOT NULL,
    version integer NOT NULL,
    entry integer DEFAULT 1 NOT NULL,
    due_at timestamp with time zone,
    until_at timestamp with time zone,
    entered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    goal_at timestamp with time zone,
    failures smallint DEFAULT 0 NOT NULL,
    is_waiting boolean DEFAULT false NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    state text DEFAULT 'in'::text NOT NULL COLLATE pg_catalog."C",
    step text NOT NULL COLLATE pg_catalog."C",
    awaits text COLLATE pg_catalog."C",
    looks_at text COLLATE pg_catalog."C",
    reason text COLLATE pg_catalog."C",
    arrived bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    resume_at timestamp with time zone,
    data json DEFAULT '{}'::json NOT NULL,
    CONSTRAINT journey_people_check CHECK (((state = 'in'::text) = (due_at IS NOT NULL))),
    CONSTRAINT journey_people_check1 CHECK (((state = 'in'::text) = (ended_at IS NULL))),
    CONSTRAINT journey_people_state_check CHECK ((state = ANY (ARRAY['in'::text, 'done'::text, 'goal'::text, 'exited'::text, 'failed'::text])))
)
WITH (fillfactor='80');

ALTER TABLE martlet_data.journey_people OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.journey_people.entry IS 'How often the person has entered.';

COMMENT ON COLUMN martlet_data.journey_people.until_at IS 'When a wait for an event ends without it.';

COMMENT ON COLUMN martlet_data.journey_people.is_waiting IS 'Inside the step: it ends at due_at. False: the step has not begun.';

COMMENT ON COLUMN martlet_data.journey_people.looks_at IS 'The step whose message is looked at when due_at comes.';

COMMENT ON COLUMN martlet_data.journey_people.reason IS 'Why it ended, or the last error.';

COMMENT ON COLUMN martlet_data.journey_people.arrived IS 'Numbers of events that came while it was awaited, and that no step has looked at.';

COMMENT ON COLUMN martlet_data.journey_people.resume_at IS 'The due instant that a goal has taken away; it comes back when the goal is undone.';

CREATE VIEW martlet.journey_people AS
 SELECT j.name AS journey,
    martlet_data.shown(p.person) AS person,
    p.version,
    p.entry,
    p.state,
    p.step,
        CASE
            WHEN (p.state <> 'in'::text) THEN NULL::text
            WHEN (p.awaits IS NOT NULL) THEN ('awaits '::text || p.awaits)
            WHEN (p.looks_at IS NOT NULL) THEN ('looks at '::text || p.looks_at)
            WHEN p.is_waiting THEN 'waits'::text
            ELSE 'due'::text
        END AS doing,
    p.due_at,
    p.reason,
    p.failures,
    p.entered_at,
    p.ended_at,
    p.goal_at
   FROM (martlet_data.journey_people p
     JOIN martlet_data.journeys j ON ((j.id = p.journey_id)));

ALTER TABLE martlet.journey_people OWNER TO martlet_owner;

COMMENT ON VIEW martlet.journey_people IS 'One row for a person in a journey. state: in, done (all steps taken), goal, exited, failed; reason: why it ended, or the last error.';

CREATE TABLE martlet_data.journey_messages (
    journey_id integer NOT NULL,
    entry integer NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    step text NOT NULL COLLATE pg_catalog."C",
    message_id bigint,
    reason text COLLATE pg_catalog."C",
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT journey_messages_check CHECK (((message_id IS NULL) = (reason IS NOT NULL)))
);

ALTER TABLE martlet_data.journey_messages OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.journey_messages.reason IS 'Why there is no message.';

CREATE VIEW martlet.journey_report AS
 SELECT j.name AS journey,
    'people'::text AS what,
    p.step,
    p.state,
        CASE
            WHEN (p.state = ANY (ARRAY['exited'::text, 'done'::text])) THEN p.reason
            ELSE NULL::text
        END AS reason,
    count(*) AS people,
    count(p.goal_at) AS goals
   FROM (martlet_data.journey_people p
     JOIN martlet_data.journeys j ON ((j.id = p.journey_id)))
  GROUP BY j.name, p.step, p.state,
        CASE
            WHEN (p.state = ANY (ARRAY['exited'::text, 'done'::text])) THEN p.reason
            ELSE NULL::text
        END
UNION ALL
 SELECT j.name AS journey,
    'messages'::text AS what,
    m.step,
        CASE
            WHEN (m.message_id IS NULL) THEN 'skipped'::text
            WHEN (f.kind = ANY (ARRAY['accepted'::text, 'delivered'::text])) THEN 'sent'::text
            WHEN (f.kind = 'undelivered'::text) THEN 'failed'::text
            WHEN (d.reason = 'in_doubt'::text) THEN 'unknown'::text
            WHEN ((d.message_id IS NOT NULL) OR (f.kind = 'discarded'::text)) THEN 'failed'::text
            WHEN (f.kind IS NOT NULL) THEN 'skipped'::text
            ELSE 'released'::text
        END AS state,
        CASE
            WHEN (m.message_id IS NULL) THEN m.reason
            WHEN (f.kind = ANY (ARRAY['suppressed'::text, 'capped'::text, 'expired'::text, 'cancelled'::text])) THEN f.kind
            WHEN (f.kind IS NULL) THEN d.reason
            ELSE NULL::text
        END AS reason,
    count(*) AS people,
    0 AS goals
   FROM (((martlet_data.journey_messages m
     JOIN martlet_data.journeys j ON ((j.id = m.journey_id)))
     LEFT JOIN martlet_data.dead_letters d ON ((d.message_id = m.message_id)))
     LEFT JOIN LATERAL ( SELECT e.kind
           FROM martlet_data.receipts e
          WHERE ((e.message_id = m.message_id) AND (e.kind = ANY (ARRAY['accepted'::text, 'delivered'::text, 'undelivered'::text, 'suppressed'::text, 'capped'::text, 'expired'::text, 'cancelled'::text, 'discarded'::text])) AND (NOT e.stale))
          ORDER BY (e.kind <> 'delivered'::text), (e.kind <> 'undelivered'::text), e.at DESC
         LIMIT 1) f ON (true))
  GROUP BY j.name, m.step,
        CASE
            WHEN (m.message_id IS NULL) THEN 'skipped'::text
            WHEN (f.kind = ANY (ARRAY['accepted'::text, 'delivered'::text])) THEN 'sent'::text
            WHEN (f.kind = 'undelivered'::text) THEN 'failed'::text
            WHEN (d.reason = 'in_doubt'::text) THEN 'unknown'::text
            WHEN ((d.message_id IS NOT NULL) OR (f.kind = 'discarded'::text)) THEN 'failed'::text
            WHEN (f.kind IS NOT NULL) THEN 'skipped'::text
            ELSE 'released'::text
        END,
        CASE
            WHEN (m.message_id IS NULL) THEN m.reason
            WHEN (f.kind = ANY (ARRAY['suppressed'::text, 'capped'::text, 'expired'::text, 'cancelled'::text])) THEN f.kind
            WHEN (f.kind IS NULL) THEN d.reason
            ELSE NULL::text
        END;

ALTER TABLE martlet.journey_report OWNER TO martlet_owner;

COMMENT ON VIEW martlet.journey_report IS 'what = people: where people are or ended, with how many reached a goal; what = messages: what became of the messages of each step. Counted when it is asked: ask by journey.';

CREATE TABLE martlet_data.journey_triggers (
    event text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    journey_id integer NOT NULL,
    version integer NOT NULL,
    condition jsonpath,
    fields text[] COLLATE pg_catalog."C",
    CONSTRAINT journey_triggers_kind_check CHECK ((kind = ANY (ARRAY['goal'::text, 'exit'::text, 'await'::text, 'entry'::text])))
);

ALTER TABLE martlet_data.journey_triggers OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.journey_triggers.condition IS 'Of an entry: what the event''s data must be; null: anything.';

COMMENT ON COLUMN martlet_data.journey_triggers.fields IS 'Of an entry: what the event''s data must have.';

CREATE TABLE martlet_data.journey_versions (
    journey_id integer NOT NULL,
    version integer NOT NULL,
    definition text NOT NULL,
    steps text[] NOT NULL COLLATE pg_catalog."C",
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    applied_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.journey_versions OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.journey_versions.steps IS 'Names of the steps, in order.';

CREATE VIEW martlet.journeys AS
 SELECT j.name AS journey,
    j.version,
        CASE
            WHEN (j.paused_at IS NULL) THEN 'running'::text
            ELSE 'paused'::text
        END AS state,
    c.people,
    c.due,
    c.failed,
    c.next_due,
    j.re_entry,
    j.audience,
    ( SELECT array_agg(DISTINCT t.event ORDER BY t.event) AS array_agg
           FROM martlet_data.journey_triggers t
          WHERE ((t.journey_id = j.id) AND (t.version = j.version) AND (t.kind = 'entry'::text))) AS entry_events,
    ( SELECT array_agg(t.event ORDER BY t.event) AS array_agg
           FROM martlet_data.journey_triggers t
          WHERE ((t.journey_id = j.id) AND (t.version = j.version) AND (t.kind = 'goal'::text))) AS goals,
    j.paused_at,
    j.paused_by,
    j.pause_reason,
    v.applied_at,
    v.applied_by,
    ('journey:'::text || j.id) AS group_key
   FROM ((martlet_data.journeys j
     JOIN martlet_data.journey_versions v ON (((v.journey_id = j.id) AND (v.version = j.version))))
     CROSS JOIN LATERAL ( SELECT count(*) FILTER (WHERE (p.state = 'in'::text)) AS people,
            count(*) FILTER (WHERE (p.due_at <= clock_timestamp())) AS due,
            count(*) FILTER (WHERE ((p.state = 'failed'::text) OR (p.failures > 0))) AS failed,
            min(p.due_at) AS next_due
           FROM martlet_data.journey_people p
          WHERE (p.journey_id = j.id)) c);

ALTER TABLE martlet.journeys OWNER TO martlet_owner;

COMMENT ON VIEW martlet.journeys IS 'Journeys: people who are in it now, whose step is due, and whose step fails.';

CREATE TABLE martlet_data.lanes (
    lane smallint NOT NULL,
    cursor regclass NOT NULL,
    paused_at timestamp with time zone,
    paused_by text COLLATE pg_catalog."C",
    pause_reason text COLLATE pg_catalog."C",
    CONSTRAINT lanes_lane_check CHECK (((lane >= 0) AND (lane <= 8)))
);

ALTER TABLE martlet_data.lanes OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.lanes.cursor IS 'Sequence whose last value is generation << 12 | slot of the segment that enqueue appends to.';

CREATE TABLE martlet_data.ready (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
PARTITION BY LIST (slot);

ALTER TABLE martlet_data.ready OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.segments (
    kind text NOT NULL COLLATE pg_catalog."C",
    lane smallint DEFAULT 0 NOT NULL,
    slot smallint NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    is_free boolean DEFAULT true NOT NULL,
    pinned_at timestamp with time zone,
    emptied_before xid8,
    reused_pages integer DEFAULT 0 NOT NULL,
    CONSTRAINT segments_kind_check CHECK ((kind = ANY (ARRAY['ready'::text, 'leased'::text, 'due'::text]))),
    CONSTRAINT segments_slot_check CHECK (((slot >= 0) AND (slot <= 4095)))
);

ALTER TABLE martlet_data.segments OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.segments.pinned_at IS 'Since when it has seemed empty and others used it; while its autovacuum is on, when it was seen empty. Null: not so.';

COMMENT ON COLUMN martlet_data.segments.emptied_before IS 'The next transaction number when pinned_at was noted: whose snapshot is older may still see its rows.';

COMMENT ON COLUMN martlet_data.segments.reused_pages IS 'Pages it had when it was given back without TRUNCATE; 0: it began empty.';

CREATE VIEW martlet.lanes AS
 SELECT l.lane,
    ( SELECT string_agg(c.name, ', '::text ORDER BY c.name) AS string_agg
           FROM martlet_data.classes c
          WHERE ((c.lane = l.lane) AND (c.retired_at IS NULL))) AS classes,
    COALESCE(r.ready, (0)::bigint) AS ready,
    r.oldest,
    COALESCE(u.due, (0)::bigint) AS due,
    u.next_due,
    COALESCE(e.leased, (0)::bigint) AS leased,
    l.paused_at,
    l.paused_by,
    l.pause_reason
   FROM (((martlet_data.lanes l
     LEFT JOIN ( SELECT s.lane,
            count(*) AS ready,
            martlet.created_at(min(r_1.message_id)) AS oldest
           FROM (martlet_data.ready r_1
             JOIN martlet_data.segments s ON (((s.kind = 'ready'::text) AND (s.slot = r_1.slot))))
          GROUP BY s.lane) r ON ((r.lane = l.lane)))
     LEFT JOIN ( SELECT due.lane,
            count(*) AS due,
            min(due.due_at) AS next_due
           FROM martlet_data.due
          GROUP BY due.lane) u ON ((u.lane = l.lane)))
     LEFT JOIN ( SELECT leased.lane,
            count(*) AS leased
           FROM martlet_data.leased
          GROUP BY leased.lane) e ON ((e.lane = l.lane)));

ALTER TABLE martlet.lanes OWNER TO martlet_owner;

COMMENT ON VIEW martlet.lanes IS 'Counts every waiting row: seconds with millions waiting. Lane 8 is where messages wait whose worker died with them.';

CREATE TABLE martlet_data.message_links (
    message_id bigint NOT NULL,
    targets text[] NOT NULL,
    expires_at timestamp with time zone NOT NULL
)
PARTITION BY RANGE (message_id);

ALTER TABLE martlet_data.message_links OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.message_links.targets IS 'In order, and only ever appended to: a later attempt may have been rendered from another template. Receipts name a place in it as their part.';

CREATE VIEW martlet.link_clicks AS
 SELECT o.group_key,
    o.class,
    o.channel,
    o.template,
    o.target,
    count(*) FILTER (WHERE o.sent) AS sent,
    count(*) FILTER (WHERE o.clicked) AS clicked,
    count(*) FILTER (WHERE o.prefetched) AS prefetched
   FROM ( SELECT m.group_key,
            k.name AS class,
            h.name AS channel,
            m.template,
            split_part(split_part(t.target, '#'::text, 1), '?'::text, 1) AS target,
            l.message_id,
            bool_or((r.kind = ANY (ARRAY['accepted'::text, 'delivered'::text, 'undelivered'::text]))) AS sent,
            bool_or((r.kind = 'clicked'::text)) AS clicked,
            bool_or((r.kind = 'prefetched'::text)) AS prefetched
           FROM (((((martlet_data.message_links l
             JOIN martlet_data.messages m ON ((m.id = l.message_id)))
             JOIN martlet_data.classes k ON ((k.id = m.class_id)))
             JOIN martlet_data.channels h ON ((h.id = m.channel_id)))
             CROSS JOIN LATERAL unnest(l.targets) WITH ORDINALITY t(target, link))
             LEFT JOIN martlet_data.receipts r ON (((r.message_id = l.message_id) AND ((r.kind = ANY (ARRAY['accepted'::text, 'delivered'::text, 'undelivered'::text])) OR ((r.kind = ANY (ARRAY['clicked'::text, 'prefetched'::text])) AND (r.part = t.link))))))
          GROUP BY m.group_key, k.name, h.name, m.template, (split_part(split_part(t.target, '#'::text, 1), '?'::text, 1)), l.message_id) o
  GROUP BY o.group_key, o.class, o.channel, o.template, o.target;

ALTER TABLE martlet.link_clicks OWNER TO martlet_owner;

COMMENT ON VIEW martlet.link_clicks IS 'Messages with a link to target (without query and fragment, where people''s own values stand): sent, clicked by a person, visited by a machine. Reads every message with tracked links that it is asked for.';

CREATE TABLE martlet_data.receipt_promises (
    provider text NOT NULL COLLATE pg_catalog."C",
    receipt_within interval NOT NULL,
    CONSTRAINT receipt_promises_receipt_within_check CHECK ((receipt_within > '00:00:00'::interval))
);

ALTER TABLE martlet_data.receipt_promises OWNER TO martlet_owner;

CREATE VIEW martlet.missing_receipts AS
 SELECT r.provider,
    r.message_id,
    r.attempt,
    r.at AS accepted_at,
    (r.at + p.receipt_within) AS missing_since,
    r.reference
   FROM (martlet_data.receipt_promises p
     JOIN martlet_data.receipts r ON ((r.provider = p.provider)))
  WHERE ((r.kind = 'accepted'::text) AND (r.message_id >= martlet_data.first_id((now() - '8 days'::interval))) AND (r.at < (now() - p.receipt_within)) AND (NOT (EXISTS ( SELECT
           FROM martlet_data.receipts d
          WHERE ((d.message_id = r.message_id) AND (d.attempt = r.attempt) AND (d.kind = ANY (ARRAY['delivered'::text, 'undelivered'::text])))))));

ALTER TABLE martlet.missing_receipts OWNER TO martlet_owner;

COMMENT ON VIEW martlet.missing_receipts IS 'Hand-overs of messages of the last 8 days that the provider accepted and said nothing about within its receipt_within.';

CREATE VIEW martlet.provider_slo AS
 SELECT provider_slo_since.provider,
    provider_slo_since.accepted,
    provider_slo_since.delivered,
    provider_slo_since.undelivered,
    provider_slo_since.delivered_share,
    provider_slo_since.reported_share
   FROM martlet.provider_slo_since('01:00:00'::interval) provider_slo_since(provider, accepted, delivered, undelivered, delivered_share, reported_share);

ALTER TABLE martlet.provider_slo OWNER TO martlet_owner;

COMMENT ON VIEW martlet.provider_slo IS 'By provider: what it accepted of the messages of the last hour, and what it has said about it since.';

CREATE UNLOGGED TABLE martlet_data.provider_health (
    session integer NOT NULL,
    provider text NOT NULL,
    at timestamp with time zone NOT NULL,
    circuit text NOT NULL,
    reason text,
    accepted real NOT NULL,
    failed real NOT NULL,
    throttled real NOT NULL,
    refused real NOT NULL,
    latency_ms real NOT NULL,
    unanswered integer NOT NULL,
    waiting integer NOT NULL,
    CONSTRAINT provider_health_circuit_check CHECK ((circuit = ANY (ARRAY['closed'::text, 'open'::text, 'half_open'::text, 'unusable'::text])))
)
WITH (fillfactor='50');

ALTER TABLE martlet_data.provider_health OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.provider_health IS 'What one worker sees of one provider: answers per second of the last ten seconds or so, and its circuit.';

COMMENT ON COLUMN martlet_data.provider_health.circuit IS 'unusable: the worker cannot open the provider; reason says why.';

CREATE TABLE martlet_data.provider_orders (
    provider text NOT NULL,
    state text NOT NULL,
    target text,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_by text DEFAULT SESSION_USER NOT NULL,
    why text NOT NULL,
    CONSTRAINT provider_orders_check CHECK ((((target IS NOT NULL) = (state = 'moved'::text)) AND (target <> provider))),
    CONSTRAINT provider_orders_state_check CHECK ((state = ANY (ARRAY['paused'::text, 'draining'::text, 'moved'::text])))
);

ALTER TABLE martlet_data.provider_orders OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.provider_orders IS 'One row per provider that is not simply in use. paused: takes nothing, what was admitted comes back; draining: takes nothing new; moved: another one takes all of its messages.';

CREATE VIEW martlet.providers AS
 WITH seen AS (
         SELECT h.provider,
            count(*) AS workers,
            count(*) FILTER (WHERE (h.circuit <> 'closed'::text)) AS circuits_open,
            max(h.reason) FILTER (WHERE (h.circuit <> 'closed'::text)) AS reason,
            sum(h.accepted) AS accepted,
            sum(h.failed) AS failed,
            sum(h.throttled) AS throttled,
            sum(h.refused) AS refused,
            (sum((h.latency_ms * h.accepted)) / NULLIF(sum(h.accepted), (0)::double precision)) AS latency_ms,
            sum(h.unanswered) AS unanswered,
            sum(h.waiting) AS waiting,
            max(h.at) AS seen_at,
            count(*) FILTER (WHERE (h.circuit = 'unusable'::text)) AS unusable
           FROM (martlet_data.provider_health h
             JOIN martlet_data.sessions s_1 ON (((s_1.id = h.session) AND (s_1.ended_at IS NULL) AND (s_1.fenced_at IS NULL))))
          WHERE (h.at > (clock_timestamp() - '00:00:30'::interval))
          GROUP BY h.provider
        )
 SELECT COALESCE(s.provider, o.provider) AS provider,
    COALESCE(o.state, 'in use'::text) AS state,
    o.target,
    o.changed_at,
    o.changed_by,
    o.why,
    COALESCE(s.workers, (0)::bigint) AS workers,
    COALESCE(s.circuits_open, (0)::bigint) AS circuits_open,
    s.reason,
    s.accepted AS accepted_per_second,
    s.failed AS failed_per_second,
    s.throttled AS throttled_per_second,
    s.refused AS refused_per_second,
    s.latency_ms,
    s.unanswered,
    s.waiting,
    s.seen_at,
    COALESCE(s.unusable, (0)::bigint) AS unusable
   FROM (seen s
     FULL JOIN martlet_data.provider_orders o ON ((o.provider = s.provider)));

ALTER TABLE martlet.providers OWNER TO martlet_owner;

COMMENT ON VIEW martlet.providers IS 'Providers that workers use now or admins have given an order about: the order, open circuits, answers per second of the last ten seconds or so.';

CREATE VIEW martlet.receipts AS
 SELECT r.message_id,
    r.at,
    r.kind,
    r.attempt,
    r.provider,
    r.code,
    r.detail,
    r.reference,
    r.stale,
    r.actor,
    NULLIF(r.part, 0) AS part
   FROM martlet_data.receipts r
UNION ALL
 SELECT a.message_id,
    a.admitted_at AS at,
    'admitted'::text AS kind,
    a.attempt,
    a.provider,
    NULL::text AS code,
    NULL::text AS detail,
    NULL::text AS reference,
    false AS stale,
    NULL::text AS actor,
    NULL::smallint AS part
   FROM martlet_data.attempts a;

ALTER TABLE martlet.receipts OWNER TO martlet_owner;

CREATE TABLE martlet_data.run_goals (
    run_id integer NOT NULL,
    place bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    undone_at timestamp with time zone
);

ALTER TABLE martlet_data.run_goals OWNER TO martlet_owner;

CREATE TABLE martlet_data.run_members (
    run_id integer NOT NULL,
    place bigint NOT NULL,
    n bigint NOT NULL,
    message_id bigint,
    variant smallint NOT NULL,
    state smallint DEFAULT 0 NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    reason text COLLATE pg_catalog."C"
)
PARTITION BY LIST (run_id);

ALTER TABLE martlet_data.run_members OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.run_members.place IS 'From 1, by zone: a chunk is a range of places.';

COMMENT ON COLUMN martlet_data.run_members.n IS 'The row of audience_members.';

COMMENT ON COLUMN martlet_data.run_members.state IS '0 waiting, 1 released as message_id, 2 skipped, 3 held out.';

CREATE TABLE martlet_data.run_variants (
    run_id integer NOT NULL,
    variant smallint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    template text COLLATE pg_catalog."C",
    share integer NOT NULL,
    CONSTRAINT run_variants_share_check CHECK (((share >= 1) AND (share <= 10000)))
);

ALTER TABLE martlet_data.run_variants OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.run_variants.template IS 'Null: held out, gets nothing.';

CREATE VIEW martlet.run_members AS
 SELECT m.run_id,
    martlet_data.shown(m.person) AS person,
    v.name AS variant,
        CASE
            WHEN (m.state = 3) THEN 'held_out'::text
            WHEN (m.state = 2) THEN 'skipped'::text
            WHEN (m.state = 0) THEN
            CASE
                WHEN (r.stopped_at IS NULL) THEN 'waiting'::text
                ELSE 'skipped'::text
            END
            WHEN (f.kind = ANY (ARRAY['accepted'::text, 'delivered'::text])) THEN 'sent'::text
            WHEN (f.kind = 'undelivered'::text) THEN 'failed'::text
            WHEN (d.reason = 'in_doubt'::text) THEN 'unknown'::text
            WHEN (d.message_id IS NOT NULL) THEN 'failed'::text
            WHEN (f.kind = 'discarded'::text) THEN 'failed'::text
            WHEN (f.kind IS NOT NULL) THEN 'skipped'::text
            ELSE 'released'::text
        END AS state,
        CASE
            WHEN (m.state = 2) THEN m.reason
            WHEN (m.state = 0) THEN
            CASE
                WHEN (r.stopped_at IS NOT NULL) THEN 'stopped'::text
                ELSE NULL::text
            END
            WHEN (f.kind = 'undelivered'::text) THEN COALESCE(f.code, 'undelivered'::text)
            WHEN ((d.message_id IS NOT NULL) AND (f.kind IS NULL)) THEN d.reason
            WHEN (f.kind = 'suppressed'::text) THEN
            CASE
                WHEN (f.code = ANY (ARRAY['no_consent'::text, 'consent_withdrawn'::text, 'consent_pending'::text])) THEN f.code
                ELSE 'opted_out'::text
            END
            WHEN (f.kind = 'cancelled'::text) THEN
            CASE
                WHEN ((g.run_id IS NOT NULL) AND (g.undone_at IS NULL)) THEN 'goal'::text
                WHEN (r.stopped_at IS NOT NULL) THEN 'stopped'::text
                ELSE 'cancelled'::text
            END
            WHEN (f.kind = 'expired'::text) THEN
            CASE
                WHEN (f.code = ANY (ARRAY['window'::text, 'quiet_hours'::text])) THEN f.code
                ELSE 'expired'::text
            END
            WHEN (f.kind = ANY (ARRAY['capped'::text, 'discarded'::text])) THEN f.kind
            ELSE NULL::text
        END AS reason,
    m.message_id,
    g.at AS goal_at,
    f.at AS ended_at,
    m.place
   FROM (((((martlet_data.run_members m
     JOIN martlet_data.runs r ON ((r.id = m.run_id)))
     JOIN martlet_data.run_variants v ON (((v.run_id = m.run_id) AND (v.variant = m.variant))))
     LEFT JOIN martlet_data.run_goals g ON (((g.run_id = m.run_id) AND (g.place = m.place) AND (g.undone_at IS NULL))))
     LEFT JOIN martlet_data.dead_letters d ON ((d.message_id = m.message_id)))
     LEFT JOIN LATERAL ( SELECT e.kind,
            e.code,
            e.at
           FROM martlet_data.receipts e
          WHERE ((e.message_id = m.message_id) AND (e.kind = ANY (ARRAY['accepted'::text, 'delivered'::text, 'undelivered'::text, 'suppressed'::text, 'capped'::text, 'expired'::text, 'cancelled'::text, 'discarded'::text])) AND (NOT e.stale))
          ORDER BY (e.kind <> 'delivered'::text), (e.kind <> 'undelivered'::text), e.at DESC
         LIMIT 1) f ON (true));

ALTER TABLE martlet.run_members OWNER TO martlet_owner;

COMMENT ON VIEW martlet.run_members IS 'Every member of every run: waiting, released (its message is on its way), sent, failed, unknown (in doubt), skipped with a reason, held_out. Ask by run_id.';

CREATE VIEW martlet.run_report AS
 SELECT m.run_id,
    m.variant,
    m.state,
    m.reason,
    count(*) AS members,
    count(m.goal_at) AS goals
   FROM martlet.run_members m
  GROUP BY m.run_id, m.variant, m.state, m.reason;

ALTER TABLE martlet.run_report OWNER TO martlet_owner;

COMMENT ON VIEW martlet.run_report IS 'Members by run, variant, state and reason; they add up to the run''s members. Counted from members and receipts when it is asked: ask by run_id.';

CREATE TABLE martlet_data.run_chunks (
    run_id integer NOT NULL,
    chunk integer NOT NULL,
    zone smallint NOT NULL,
    first_place bigint NOT NULL,
    last_place bigint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    released integer,
    skipped integer,
    CONSTRAINT run_chunks_check CHECK ((first_place <= last_place))
);

ALTER TABLE martlet_data.run_chunks OWNER TO martlet_owner;

CREATE TABLE martlet_data.run_pauses (
    id bigint NOT NULL,
    run_id integer NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C",
    why text,
    paused_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    paused_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    lifted_at timestamp with time zone,
    lifted_by text COLLATE pg_catalog."C",
    CONSTRAINT run_pauses_reason_check CHECK ((reason = ANY (ARRAY['operator'::text, 'guard'::text, 'quota'::text, 'pool_dry'::text, 'refused'::text])))
);

ALTER TABLE martlet_data.run_pauses OWNER TO martlet_owner;

CREATE VIEW martlet.runs AS
 SELECT r.id AS run_id,
    r.campaign,
    r.version,
    a.name AS audience,
    r.members,
        CASE
            WHEN (r.stopped_at IS NOT NULL) THEN 'stopped'::text
            WHEN (r.needs_approval AND (r.approved_at IS NULL)) THEN 'awaiting_approval'::text
            WHEN (p.reasons IS NOT NULL) THEN 'paused'::text
            WHEN (c.left_over = 0) THEN 'released'::text
            WHEN ((c.left_over = c.chunks) AND (c.next_due > clock_timestamp())) THEN 'scheduled'::text
            ELSE 'running'::text
        END AS state,
    p.reasons AS paused_for,
    p.since AS paused_since,
    p.why AS pause_reason,
    c.waiting,
    c.next_due AS next_release,
    c.last_due AS last_release,
    r.class,
    r.channel,
    r.goal,
    r.pool,
    r.window_from,
    r.window_until,
    r.fallback_zone AS time_zone,
    r.created_at,
    r.created_by,
    r.approved_by,
    r.stopped_at,
    r.stopped_by,
    r.stop_reason,
    ('run:'::text || r.id) AS group_key
   FROM (((martlet_data.runs r
     JOIN martlet_data.audiences a ON ((a.id = r.audience_id)))
     CROSS JOIN LATERAL ( SELECT count(*) AS chunks,
            count(*) FILTER (WHERE (c_1.released_at IS NULL)) AS left_over,
            (COALESCE(sum(((c_1.last_place - c_1.first_place) + 1)) FILTER (WHERE (c_1.released_at IS NULL)), (0)::numeric))::bigint AS waiting,
            min(c_1.due_at) FILTER (WHERE (c_1.released_at IS NULL)) AS next_due,
            max(c_1.due_at) AS last_due
           FROM martlet_data.run_chunks c_1
          WHERE (c_1.run_id = r.id)) c)
     LEFT JOIN LATERAL ( SELECT array_agg(p_1.reason ORDER BY p_1.reason) AS reasons,
            min(p_1.paused_at) AS since,
            string_agg(p_1.why, '; '::text ORDER BY p_1.reason) AS why
           FROM martlet_data.run_pauses p_1
          WHERE ((p_1.run_id = r.id) AND (p_1.lifted_at IS NULL))
         HAVING (count(*) > 0)) p ON (true));

ALTER TABLE martlet.runs OWNER TO martlet_owner;

COMMENT ON VIEW martlet.runs IS 'Runs of campaigns. released: every member has been released or skipped; what became of the messages is in run_report. waiting: members in chunks that are not released yet.';

CREATE VIEW martlet.slo AS
 SELECT slo_since.class,
    slo_since.promise,
    slo_since.messages,
    slo_since.held,
    slo_since.accepted,
    slo_since.within,
    slo_since.overdue,
    slo_since.failed,
    slo_since.within_share,
    slo_since.accepted_share,
    slo_since.oldest_waiting,
    slo_since.p99_delay,
    slo_since.peak_delay
   FROM martlet.slo_since('01:00:00'::interval) slo_since(class, promise, messages, held, accepted, within, overdue, failed, within_share, accepted_share, oldest_waiting, p99_delay, peak_delay);

ALTER TABLE martlet.slo OWNER TO martlet_owner;

COMMENT ON VIEW martlet.slo IS 'By class: messages of the last hour that might be sent by now. held: deferred by hours or caps, or requeued; they are not judged.';

CREATE TABLE martlet_data.suppressions (
    id bigint NOT NULL,
    channel text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    lifted_at timestamp with time zone,
    lifted_by text COLLATE pg_catalog."C",
    lift_reason text COLLATE pg_catalog."C",
    address_key text GENERATED ALWAYS AS (martlet_data.address_key(address)) STORED COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.suppressions OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.suppressions.scope IS 'The name of a class, ''all_except_otp'' or ''all''.';

COMMENT ON COLUMN martlet_data.suppressions.address_key IS 'What addresses are compared by; after a change of address_key the column must be made anew.';

CREATE VIEW martlet.suppressions AS
 SELECT s.id,
    s.channel,
    martlet_data.shown(s.address) AS address,
    s.scope,
    s.reason,
    s.created_at,
    s.created_by,
    s.lifted_at,
    s.lifted_by,
    s.lift_reason
   FROM martlet_data.suppressions s;

ALTER TABLE martlet.suppressions OWNER TO martlet_owner;

CREATE VIEW martlet.survey_answers AS
 SELECT DISTINCT ON (e.answers) e.answers AS message_id,
    e.answer,
    e.at AS answered_at,
    e.inbound_id,
    e.channel,
    martlet_data.shown(e.address) AS address,
    m.group_key,
    m.template,
    c.name AS class
   FROM ((martlet_data.inbound_events e
     LEFT JOIN LATERAL ( SELECT m_1.id,
            m_1.class_id,
            m_1.channel_id,
            m_1.recipient_key,
            m_1.address,
            m_1.template,
            m_1.locale,
            m_1.sender,
            m_1.time_zone,
            m_1.tier,
            m_1.group_key,
            m_1.variables,
            m_1.headers,
            m_1.traceparent,
            m_1.producer,
            m_1.created_at,
            m_1.expires_at,
            m_1.scheduled_at
           FROM martlet_data.messages m_1
          WHERE (m_1.id = e.answers)
         OFFSET 0) m ON (true))
     LEFT JOIN martlet_data.classes c ON ((c.id = m.class_id)))
  WHERE (e.answers IS NOT NULL)
  ORDER BY e.answers, e."position" DESC;

ALTER TABLE martlet.survey_answers OWNER TO martlet_owner;

COMMENT ON VIEW martlet.survey_answers IS 'By message that asked: the newest answer. inbound_events has all of them.';

CREATE TABLE martlet_data.provider_events (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    carrier_id text COLLATE pg_catalog."C",
    recipient text COLLATE pg_catalog."C",
    payload jsonb NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C",
    tries integer DEFAULT 0 NOT NULL,
    next_try timestamp with time zone,
    CONSTRAINT provider_events_reason_check CHECK ((reason = ANY (ARRAY['no_match'::text, 'ambiguous'::text, 'no_outcome'::text, 'no_message'::text, 'unreadable'::text])))
);

ALTER TABLE martlet_data.provider_events OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.provider_events.next_try IS 'Null: it is not tried again, and goes after some days.';

CREATE VIEW martlet.unmatched_events AS
 SELECT e.provider,
    e.kind,
    e.reason,
    count(*) AS events,
    count(*) FILTER (WHERE (e.next_try IS NOT NULL)) AS waiting,
    min(e.at) AS oldest,
    max(e.at) AS newest
   FROM martlet_data.provider_events e
  GROUP BY e.provider, e.kind, e.reason;

ALTER TABLE martlet.unmatched_events OWNER TO martlet_owner;

COMMENT ON VIEW martlet.unmatched_events IS 'What providers said about messages that were not found; waiting: is still tried again.';

CREATE VIEW martlet.unreadable_texts AS
 SELECT i.provider,
    i.data_coding,
    count(*) AS texts,
    min(i.at) AS oldest,
    max(i.at) AS newest
   FROM martlet_data.inbound_texts i
  WHERE (i.body IS NULL)
  GROUP BY i.provider, i.data_coding;

ALTER TABLE martlet.unreadable_texts OWNER TO martlet_owner;

COMMENT ON VIEW martlet.unreadable_texts IS 'Texts of people that could not be read, as long as inbound_texts keeps them; inbound_texts has their octets. Somebody may have opted out in one.';

CREATE VIEW martlet.workers AS
 SELECT s.id AS session,
    s.worker,
    s.host,
    s.pid,
    s.version,
    s.started_at,
    s.beat_at,
    s.in_flight,
    s.is_draining,
    s.fenced_at,
    s.ended_at,
        CASE
            WHEN (s.ended_at IS NOT NULL) THEN 'ended'::text
            WHEN (s.fenced_at IS NOT NULL) THEN 'fenced'::text
            WHEN (s.beat_at < (clock_timestamp() - '00:00:10'::interval)) THEN 'stale'::text
            WHEN s.is_draining THEN 'draining'::text
            ELSE 'live'::text
        END AS state,
    s.policy_version,
    s.policy_problem
   FROM martlet_data.sessions s;

ALTER TABLE martlet.workers OWNER TO martlet_owner;

CREATE TABLE martlet_data.attempts_default (
    message_id bigint NOT NULL,
    attempt smallint NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    session integer NOT NULL,
    admitted_at timestamp with time zone NOT NULL,
    send_by timestamp with time zone NOT NULL,
    template_version integer NOT NULL,
    segments smallint NOT NULL,
    cost_micros bigint,
    currency text COLLATE pg_catalog."C",
    budgets text[]
);

ALTER TABLE martlet_data.attempts_default OWNER TO martlet_owner;

ALTER TABLE martlet_data.audience_members ALTER COLUMN n ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.audience_members_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE martlet_data.audiences ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.audiences_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE martlet_data.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.campaigns (
    name text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    definition text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    applied_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.campaigns OWNER TO martlet_owner;

CREATE TABLE martlet_data.cap_retention (
    one boolean DEFAULT true NOT NULL,
    longest interval DEFAULT '31 days'::interval NOT NULL,
    CONSTRAINT cap_retention_one_check CHECK (one)
);

ALTER TABLE martlet_data.cap_retention OWNER TO martlet_owner;

CREATE TABLE martlet_data.cap_usage (
    recipient_key text NOT NULL COLLATE pg_catalog."C",
    hits bytea NOT NULL
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02');

ALTER TABLE martlet_data.cap_usage OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.cap_usage IS 'One row per person: 24 bytes for every attempt that counts: message_id int8, at int8 (microseconds since 1970), attempt, class_id, channel_id, 0 int2; big-endian, oldest first.';

CREATE TABLE martlet_data.carrier_ids (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    folded text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    recipient text NOT NULL COLLATE pg_catalog."C",
    message_id bigint NOT NULL,
    attempt smallint NOT NULL,
    part smallint NOT NULL,
    parts smallint NOT NULL
)
PARTITION BY RANGE (at);

ALTER TABLE martlet_data.carrier_ids OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.carrier_ids.folded IS 'Without case and leading zeros (CarrierID.folded).';

COMMENT ON COLUMN martlet_data.carrier_ids.parts IS 'Receipts to wait for; 1: the receipt speaks for the whole message.';

CREATE TABLE martlet_data.carrier_ids_default (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    folded text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    recipient text NOT NULL COLLATE pg_catalog."C",
    message_id bigint NOT NULL,
    attempt smallint NOT NULL,
    part smallint NOT NULL,
    parts smallint NOT NULL
);

ALTER TABLE martlet_data.carrier_ids_default OWNER TO martlet_owner;

ALTER TABLE martlet_data.channels ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE martlet_data.classes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.classes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE martlet_data.codes ALTER COLUMN n ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.codes_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.consents (
    id bigint NOT NULL,
    recipient_key text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    purpose text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    method text NOT NULL COLLATE pg_catalog."C",
    wording text COLLATE pg_catalog."C",
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    recorded_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    person_key text GENERATED ALWAYS AS (martlet_data.person_key(recipient_key)) STORED COLLATE pg_catalog."C",
    CONSTRAINT consents_status_check CHECK ((status = ANY (ARRAY['granted'::text, 'pending'::text, 'withdrawn'::text])))
);

ALTER TABLE martlet_data.consents OWNER TO martlet_owner;

ALTER TABLE martlet_data.consents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.consents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.due_1 (
    slot smallint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    message_id bigint NOT NULL,
    lane smallint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C"
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.due_1 OWNER TO martlet_owner;

CREATE TABLE martlet_data.due_2 (
    slot smallint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    message_id bigint NOT NULL,
    lane smallint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C"
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.due_2 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.due_cursor
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.due_cursor OWNER TO martlet_owner;

CREATE TABLE martlet_data.enqueue_places (
    template text NOT NULL COLLATE pg_catalog."C",
    class text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    class_id smallint NOT NULL,
    channel_id smallint NOT NULL,
    address_kind text NOT NULL COLLATE pg_catalog."C",
    lane smallint NOT NULL,
    cursor regclass NOT NULL,
    time_to_live interval NOT NULL,
    cluster_bits bigint DEFAULT 0 NOT NULL,
    required text[] DEFAULT '{}'::text[] NOT NULL,
    locales text[] DEFAULT '{}'::text[] NOT NULL,
    default_locale text COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.enqueue_places OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.enqueue_places.required IS 'Variables that some text of the template, or the class, requires: with all of them nothing is missing.';

COMMENT ON COLUMN martlet_data.enqueue_places.locales IS 'Locales in which the template has a text on this channel.';

COMMENT ON COLUMN martlet_data.enqueue_places.default_locale IS 'Of messages that name neither locale nor sender; null: not known.';

CREATE TABLE martlet_data.events (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    producer text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    person text NOT NULL COLLATE pg_catalog."C",
    data json,
    idempotency_key text COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.events OWNER TO martlet_owner;

ALTER TABLE martlet_data.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.idempotency_keys (
    producer text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    request_hash bytea NOT NULL,
    message_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE martlet_data.idempotency_keys OWNER TO martlet_owner;

CREATE TABLE martlet_data.imports (
    producer text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    lines_done bigint DEFAULT 0 NOT NULL,
    enqueued bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    advanced_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    arguments jsonb,
    audience_id integer
);

ALTER TABLE martlet_data.imports OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.imports.arguments IS 'What was given for all records, such as {"template": "sale"}; null: not known.';

COMMENT ON COLUMN martlet_data.imports.audience_id IS 'The list that the file''s people go into; null: the file is of messages.';

CREATE SEQUENCE martlet_data.inbound_position
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.inbound_position OWNER TO martlet_owner;

ALTER TABLE martlet_data.inbound_texts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.inbound_texts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE martlet_data.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE martlet_data.journeys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.journeys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.leased_1 (
    slot smallint NOT NULL,
    message_id bigint NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    burned smallint NOT NULL,
    resends smallint NOT NULL,
    deaths smallint NOT NULL,
    series smallint NOT NULL,
    session integer NOT NULL,
    claim integer NOT NULL,
    deadline timestamp with time zone NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.leased_1 OWNER TO martlet_owner;

CREATE TABLE martlet_data.leased_2 (
    slot smallint NOT NULL,
    message_id bigint NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    burned smallint NOT NULL,
    resends smallint NOT NULL,
    deaths smallint NOT NULL,
    series smallint NOT NULL,
    session integer NOT NULL,
    claim integer NOT NULL,
    deadline timestamp with time zone NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.leased_2 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.leased_cursor
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.leased_cursor OWNER TO martlet_owner;

CREATE TABLE martlet_data.levels (
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    figure text NOT NULL COLLATE pg_catalog."C",
    value double precision NOT NULL,
    measured_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT levels_kind_check CHECK ((kind = ANY (ARRAY['class'::text, 'provider'::text, 'budget'::text, 'measure'::text])))
);

ALTER TABLE martlet_data.levels OWNER TO martlet_owner;

CREATE TABLE martlet_data.link_visits (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    message_id bigint NOT NULL,
    link smallint NOT NULL,
    machine text COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.link_visits OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.link_visits.link IS 'Place in message_links.targets, from 1; 0: the picture.';

COMMENT ON COLUMN martlet_data.link_visits.machine IS 'Why it was no person, as far as the request told; null: it may have been.';

ALTER TABLE martlet_data.link_visits ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.link_visits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.message_links_default (
    message_id bigint NOT NULL,
    targets text[] NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE martlet_data.message_links_default OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.message_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.message_seq OWNER TO martlet_owner;

CREATE TABLE martlet_data.messages_default (
    id bigint NOT NULL,
    class_id smallint NOT NULL,
    channel_id smallint NOT NULL,
    recipient_key text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    template text NOT NULL COLLATE pg_catalog."C",
    locale text COLLATE pg_catalog."C",
    sender text COLLATE pg_catalog."C",
    time_zone text COLLATE pg_catalog."C",
    tier text COLLATE pg_catalog."C",
    group_key text COLLATE pg_catalog."C",
    variables json NOT NULL,
    headers jsonb,
    traceparent text COLLATE pg_catalog."C",
    producer text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    scheduled_at timestamp with time zone
);

ALTER TABLE martlet_data.messages_default OWNER TO martlet_owner;

CREATE VIEW martlet_data.numbering_plans AS
 SELECT "*VALUES*".column1 AS code,
    "*VALUES*".column2 AS trunk,
    "*VALUES*".column3 AS has_zero,
    "*VALUES*".column4 AS lengths,
    "*VALUES*".column5 AS mobile,
    "*VALUES*".column6 AS other
   FROM (VALUES ('1'::text,'1'::text,false,'{7,10}'::integer[],'2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________'::text,'2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________'::text), ('7'::text,'8'::text,false,'{10,14}'::integer[],'70________ 74________ 76________ 77________ 78________ 9_________'::text,'3_________ 4_________ 7_________ 8_________'::text), ('20'::text,'0'::text,false,'{8,9,10}'::integer[],'10________ 11________ 12________ 15________'::text,'1_______ 3_______ 5_______ 1________ 2________ 4________ 5________ 6________ 8________ 9________'::text), ('27'::text,'0'::text,false,'{5,6,7,8,9,10}'::integer[],'81___ 82___ 83___ 84___ 81____ 82____ 83____ 84____ 81_____ 82_____ 83_____ 84_____ 81______ 82______ 83______ 84______ 10_______ 12_______ 13_______ 14_______ 15_______ 16_______ 17_______ 18_______ 19_______ 21_______ 22_______ 27_______ 28_______ 31_______ 32_______ 33_______ 34_______ 35_______ 36_______ 39_______ 4________ 50_______ 51_______ 53_______ 54_______ 56_______ 57_______ 58_______ 6________ 7________ 81_______ 82_______ 83_______ 84_______ 85_______ 87_______'::text,'1________ 2________ 3________ 4________ 5________ 8________'::text), ('30'::text,''::text,false,'{10,11,12}'::integer[],'68________ 69________ 94________'::text,'2_________ 7_________'::text), ('31'::text,'0'::text,false,'{5,6,7,8,9,10,11}'::integer[],'61_______ 62_______ 63_______ 64_______ 65_______ 68_______ 97_________'::text,'1________ 2________ 3________ 4________ 5________ 7________ 8________ 9________'::text), ('32'::text,'0'::text,false,'{8,9}'::integer[],'45_______ 46_______ 47_______ 48_______ 49_______'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______'::text), ('33'::text,'0'::text,false,'{9}'::integer[],'6________ 73_______ 74_______ 75_______ 76_______ 77_______ 78_______ 79_______'::text,'1________ 2________ 3________ 4________ 5________ 9________'::text), ('34'::text,''::text,false,'{9}'::integer[],'6________ 71_______ 72_______ 73_______ 74_______ 78_______ 96_______ 97_______'::text,'4________ 7________ 8________ 9________'::text), ('36'::text,'06'::text,false,'{8,9}'::integer[],'20_______ 30_______ 31_______ 50_______ 70_______'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______ 2________'::text), ('39'::text,''::text,true,'{6,7,8,9,10,11,12}'::integer[],'32_______ 33_______ 34_______ 35_______ 36_______ 37_______ 38_______ 39_______ 31________ 32________ 33________ 34________ 35________ 36________ 37________ 38________ 39________ 43________'::text,'0_____ 0______ 0_______ 0________ 1________ 0_________ 1_________ 5_________ 0__________ 0___________'::text), ('40'::text,'0'::text,false,'{6,9}'::integer[],'7________'::text,'2_____ 3_____ 2________ 3________'::text), ('41'::text,'0'::text,false,'{9,12}'::integer[],'68_______ 69_______ 72_______ 73_______ 75_______ 76_______ 77_______ 78_______ 79_______'::text,'2________ 3________ 4________ 5________ 6________ 7________ 8________ 9________'::text), ('43'::text,'0'::text,false,'{4,5,6,7,8,9,10,11,12,13}'::integer[],'64_____ 65_____ 66_____ 67_____ 68_____ 69_____ 64______ 65______ 66______ 67______ 68______ 69______ 64_______ 65_______ 66_______ 67_______ 68_______ 69_______ 64________ 65________ 66________ 67________ 68________ 69________ 64_________ 65_________ 66_________ 67_________ 68_________ 69_________ 64__________ 65__________ 66__________ 67__________ 68__________ 69__________ 64___________ 65___________ 66___________ 67___________ 68___________ 69___________'::text,'1___ 1____ 5____ 1_____ 3_____ 4_____ 5_____ 6_____ 7_____ 1______ 2______ 3______ 4______ 5______ 6______ 7______ 1_______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 1________ 2________ 3________ 4________ 5________ 6________ 7________ 1_________ 2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 1__________ 2__________ 3__________ 4__________ 5__________ 6__________ 7__________ 1___________ 2___________ 3___________ 4___________ 5___________ 6___________ 7___________ 1____________ 2____________ 3____________ 4____________ 5____________ 6____________ 7____________'::text), ('44'::text,'0'::text,false,'{7,9,10}'::integer[],'71________ 72________ 73________ 74________ 75________ 76________ 77________ 78________ 79________'::text,'1________ 1_________ 2_________ 5_________ 7_________'::text), ('45'::text,''::text,false,'{8}'::integer[],'2_______ 30______ 31______ 32______ 33______ 34______ 35______ 36______ 38______ 39______ 4_______ 5_______ 6_______ 7_______ 81______ 82______ 86______ 87______ 88______ 89______ 91______ 92______ 93______ 94______ 96______ 97______ 98______ 99______'::text,'2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______'::text), ('46'::text,'0'::text,false,'{6,7,8,9,10,12}'::integer[],'70_______ 72_______ 73_______ 76_______ 78_______ 79_______'::text,'1______ 2______ 3______ 4______ 6______ 8______ 9______ 1_______ 2_______ 3_______ 4_______ 5_______ 6_______ 8_______ 9_______ 1________ 2________ 3________ 4________ 5________ 6________ 7________ 8________ 9________'::text), ('47'::text,''::text,true,'{5,8}'::integer[],'40______ 41______ 45______ 46______ 47______ 48______ 9_______'::text,'2_______ 3_______ 5_______ 6_______ 7_______ 8_______'::text), ('48'::text,''::text,false,'{6,7,8,9,10}'::integer[],'21_______ 45_______ 50_______ 51_______ 53_______ 57_______ 60_______ 66_______ 69_______ 72_______ 73_______ 78_______ 79_______ 88_______'::text,'1______ 2______ 3______ 4______ 5______ 6______ 7______ 8______ 9______ 1________ 2________ 3________ 4________ 5________ 6________ 7________ 8________ 9________'::text), ('49'::text,'0'::text,false,'{4,5,6,7,8,9,10,11,12,13,14,15}'::integer[],'16________ 17________ 15_________ 16_________ 17_________'::text,'3____ 4____ 6____ 8____ 2_____ 3_____ 4_____ 5_____ 6_____ 7_____ 8_____ 9_____ 2______ 3______ 4______ 5______ 6______ 7______ 8______ 9______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______ 2________ 3________ 4________ 5________ 6________ 7________ 8________ 9________ 2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________ 2__________ 3__________ 4__________ 5__________ 6__________ 7__________ 8__________ 9__________ 2___________ 3___________ 4___________ 5___________ 6___________ 7___________ 8___________ 9___________ 2____________ 3____________ 4____________ 5____________ 6____________ 7____________ 8____________ 9____________'::text), ('51'::text,'0'::text,false,'{8,9}'::integer[],'9________'::text,'1_______ 4_______ 5_______ 6_______ 7_______ 8_______'::text), ('52'::text,''::text,false,'{10,11}'::integer[],'2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________ 1__________'::text,'2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________'::text), ('53'::text,'0'::text,false,'{6,7,8,10}'::integer[],'5_______ 62______ 63______ 64______'::text,'3_____ 4_____ 2______ 3______ 4______ 7______ 2_______ 3_______ 4_______ 7_______ 8_________'::text), ('54'::text,'0'::text,false,'{10,11}'::integer[],'67________ 91_________ 92_________ 93_________'::text,'1_________ 2_________ 3_________ 6_________'::text), ('55'::text,'0'::text,false,'{8,9,10,11}'::integer[],'11________ 12________ 13________ 14________ 15________ 16________ 17________ 18________ 19________ 21________ 22________ 24________ 27________ 28________ 31________ 32________ 33________ 34________ 35________ 37________ 38________ 41________ 42________ 43________ 44________ 45________ 46________ 47________ 48________ 49________ 51________ 53________ 54________ 55________ 61________ 62________ 63________ 64________ 65________ 66________ 67________ 68________ 69________ 71________ 73________ 74________ 75________ 77________ 79________ 81________ 82________ 83________ 84________ 85________ 86________ 87________ 88________ 89________ 91________ 92________ 93________ 94________ 95________ 96________ 97________ 98________ 99________ 119________ 129________ 139________ 149________ 159________ 169________ 179________ 189________ 199________ 219________ 229________ 249________ 279________ 289________ 319________ 329________ 339________ 349________ 359________ 379________ 389________ 419________ 429________ 439________ 449________ 459________ 469________ 479________ 489________ 499________ 519________ 539________ 549________ 559________ 619________ 629________ 639________ 649________ 659________ 669________ 679________ 689________ 699________ 719________ 739________ 749________ 759________ 779________ 799________ 819________ 829________ 839________ 849________ 859________ 869________ 879________ 889________ 899________ 919________ 929________ 939________ 949________ 959________ 969________ 979________ 989________ 999________'::text,'1_________ 2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________'::text), ('56'::text,''::text,false,'{9,10,11}'::integer[],'21_______ 22_______ 23_______ 26_______ 32_______ 33_______ 34_______ 35_______ 41_______ 42_______ 43_______ 45_______ 51_______ 52_______ 53_______ 55_______ 57_______ 58_______ 61_______ 63_______ 64_______ 65_______ 67_______ 71_______ 72_______ 73_______ 75_______ 8________ 91_______ 92_______ 93_______ 94_______ 95_______ 96_______ 97_______ 98_______ 99_______'::text,'2________ 3________ 4________ 5________ 6________ 7________ 8________ 9________'::text), ('57'::text,'0'::text,false,'{8,10,11}'::integer[],'30________ 31________ 32________ 33________ 35________ 37________ 94________'::text,'4_______ 6_________'::text), ('58'::text,'0'::text,false,'{10}'::integer[],'41________ 42________'::text,'2_________ 4_________ 5_________ 6_________'::text), ('60'::text,'0'::text,false,'{8,9,10}'::integer[],'10_______ 12_______ 13_______ 14_______ 15_______ 16_______ 17_______ 18_______ 19_______ 11________ 15________ 18________ 19________'::text,'4_______ 5_______ 6_______ 7_______ 8_______ 9_______ 3________ 1_________'::text), ('61'::text,'0'::text,false,'{5,6,7,8,9,10,12}'::integer[],'4________'::text,'1________ 2________ 3________ 7________ 8________'::text), ('62'::text,'0'::text,false,'{7,8,9,10,11,12,13,14,15,16,17}'::integer[],'81_______ 82_______ 83_______ 85_______ 86_______ 87_______ 88_______ 89_______ 81________ 82________ 83________ 85________ 86________ 87________ 88________ 89________ 81_________ 82_________ 83_________ 85_________ 86_________ 87_________ 88_________ 89_________ 81__________ 82__________ 83__________ 85__________ 86__________ 87__________ 88__________ 89__________'::text,'2______ 3______ 6______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 9_______ 2________ 3________ 4________ 5________ 6________ 7________ 9________ 2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 9_________ 2__________ 3__________ 4__________ 5__________ 6__________ 7__________ 9__________'::text), ('63'::text,'0'::text,false,'{6,8,9,10,11,12,13}'::integer[],'81________ 89________ 9_________'::text,'2_____ 8_______ 2________ 3________ 4________ 5________ 6________ 7________ 8________ 8_________'::text), ('64'::text,'0'::text,false,'{5,6,7,8,9,10}'::integer[],'21______ 26______ 27______ 20_______ 21_______ 22_______ 26_______ 27_______ 28_______ 29_______ 20________ 21________ 22________ 27________ 28________ 29________'::text,'2_______ 3_______ 4_______ 6_______ 7_______ 9_______ 7________'::text), ('65'::text,''::text,false,'{8,10,11}'::integer[],'8_______ 90______ 91______ 92______ 93______ 94______ 95______ 96______ 97______ 98______'::text,'3_______ 6_______'::text), ('66'::text,'0'::text,false,'{8,9,10,13}'::integer[],'14_______ 61_______ 62_______ 63_______ 64_______ 65_______ 66_______ 67_______ 8________ 9________'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 7_______ 6________'::text), ('81'::text,'0'::text,false,'{8,9,10,11,12,13,14,15,16,17}'::integer[],'60________ 70________ 80________ 90________'::text,'1________ 2________ 3________ 4________ 5________ 6________ 7________ 8________ 9________ 5_________'::text), ('82'::text,'0'::text,false,'{5,6,8,9,10,11,12,13,14}'::integer[],'10_______ 11_______ 12_______ 16_______ 17_______ 18_______ 19_______ 10________ 11________ 12________ 16________ 17________ 18________ 19________'::text,'3____ 4____ 5____ 6____ 3_____ 4_____ 5_____ 6_____ 2_______ 2________ 3________ 4________ 5________ 6________ 3_________ 4_________ 5_________ 6_________ 7_________ 5__________'::text), ('84'::text,'0'::text,false,'{7,8,9,10}'::integer[],'12_______ 14_______ 16_______ 3________ 51_______ 52_______ 55_______ 56_______ 58_______ 59_______ 70_______ 76_______ 77_______ 78_______ 79_______ 81_______ 82_______ 83_______ 84_______ 85_______ 86_______ 87_______ 88_______ 89_______ 9________'::text,'6________ 2_________'::text), ('86'::text,'0'::text,false,'{7,8,9,10,11,12}'::integer[],'13_________ 14_________ 15_________ 16_________ 17_________ 18_________ 19_________'::text,'1______ 2______ 3______ 4______ 5______ 6______ 7______ 8______ 9______ 1_______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______ 3________ 4________ 5________ 6________ 7________ 8________ 9________ 1_________ 2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________ 3__________ 4__________ 5__________ 7__________ 8__________'::text), ('90'::text,'0'::text,false,'{7,10,12,13}'::integer[],'5_________'::text,'2_________ 3_________ 4_________ 5_________ 8_________'::text), ('91'::text,'0'::text,false,'{8,9,10,11,12,13}'::integer[],'16________ 6_________ 7_________ 8_________ 9_________'::text,'1_________ 2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________'::text), ('92'::text,'0'::text,false,'{8,9,10,11,12}'::integer[],'30________ 31________ 32________ 33________ 34________ 35________ 36________ 37________'::text,'1________ 2________ 4________ 5________ 6________ 7________ 8________ 9________ 2_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________'::text), ('93'::text,'0'::text,false,'{9}'::integer[],'7________'::text,'2________ 3________ 4________ 5________ 6________'::text), ('94'::text,'0'::text,false,'{9}'::integer[],'70_______ 71_______ 72_______ 74_______ 75_______ 76_______ 77_______ 78_______'::text,'1________ 2________ 3________ 4________ 5________ 6________ 8________ 9________'::text), ('95'::text,'0'::text,false,'{6,7,8,9,10}'::integer[],'17_____ 92______ 95______ 96______ 98______ 99______ 93_______ 94_______ 96_______ 97_______ 99_______ 92________ 93________ 94________ 96________ 97________ 98________ 99________'::text,'1_____ 2_____ 1______ 2______ 4______ 5______ 6______ 7______ 8______ 1_______ 2_______ 4_______ 5_______ 6_______ 7_______ 8_______ 2________ 4________ 5________ 6________ 7________ 8________'::text), ('98'::text,'0'::text,false,'{4,5,6,7,10}'::integer[],'90________ 91________ 92________ 93________ 99________'::text,'1_____ 2_____ 3_____ 4_____ 5_____ 6_____ 7_____ 8_____ 1______ 2______ 3______ 4______ 5______ 6______ 7______ 8______ 1_________ 2_________ 3_________ 4_________ 5_________ 6_________ 7_________ 8_________ 9_________'::text), ('211'::text,'0'::text,false,'{9}'::integer[],'12_______ 91_______ 92_______ 95_______ 97_______ 98_______ 99_______'::text,'1________'::text), ('212'::text,'0'::text,false,'{9}'::integer[],'6________ 70_______ 71_______ 72_______ 73_______ 75_______ 76_______ 77_______ 78_______'::text,'5________ 8________'::text), ('213'::text,'0'::text,false,'{8,9}'::integer[],'54_______ 55_______ 56_______ 6________ 77_______ 78_______ 79_______'::text,'1_______ 2_______ 3_______ 4_______ 9________'::text), ('216'::text,''::text,false,'{8}'::integer[],'2_______ 30______ 31______ 32______ 36______ 39______ 40______ 41______ 42______ 43______ 44______ 45______ 46______ 47______ 48______ 5_______ 9_______'::text,'3_______ 7_______ 8_______'::text), ('218'::text,'0'::text,false,'{9}'::integer[],'91_______ 92_______ 93_______ 94_______ 95_______ 96_______'::text,'2________ 3________ 4________ 5________ 6________ 7________ 8________'::text), ('220'::text,''::text,false,'{7,9}'::integer[],'2______ 3______ 40_____ 41_____ 45_____ 50_____ 51_____ 52_____ 53_____ 54_____ 55_____ 58_____ 59_____ 6______ 7______ 84_____ 85_____ 86_____ 87_____ 9______ 83_______ 86_______ 87_______ 89_______'::text,'4______ 5______ 8______ 4________'::text), ('221'::text,''::text,false,'{9}'::integer[],'70_______ 71_______ 72_______ 75_______ 76_______ 77_______ 78_______ 79_______'::text,'3________ 9________'::text), ('222'::text,''::text,false,'{8}'::integer[],'20______ 21______ 22______ 23______ 24______ 26______ 27______ 28______ 29______ 30______ 31______ 32______ 33______ 34______ 36______ 37______ 38______ 39______ 40______ 41______ 42______ 43______ 44______ 46______ 47______ 48______ 49______'::text,'2_______ 3_______ 4_______'::text), ('223'::text,''::text,false,'{8}'::integer[],'20______ 21______ 50______ 51______ 52______ 53______ 6_______ 7_______ 82______ 83______ 84______ 85______ 89______ 9_______'::text,'2_______ 4_______'::text), ('224'::text,''::text,false,'{8,9}'::integer[],'60_______ 61_______ 62_______ 63_______ 65_______ 66_______'::text,'3_______ 7________'::text), ('225'::text,''::text,true,'{10}'::integer[],'01________ 05________ 07________'::text,'2_________'::text), ('226'::text,''::text,true,'{8}'::integer[],'01______ 02______ 03______ 04______ 05______ 06______ 07______ 44______ 45______ 46______ 50______ 51______ 52______ 53______ 54______ 55______ 56______ 57______ 58______ 6_______ 7_______'::text,'2_______'::text), ('227'::text,''::text,true,'{8}'::integer[],'23______ 70______ 74______ 76______ 77______ 8_______ 9_______'::text,'2_______'::text), ('228'::text,''::text,false,'{8}'::integer[],'70______ 71______ 72______ 73______ 78______ 79______ 90______ 91______ 92______ 93______ 96______ 97______ 98______ 99______'::text,'2_______'::text), ('229'::text,''::text,true,'{10}'::integer[],'01________'::text,'0_________'::text), ('230'::text,''::text,false,'{7,8,10}'::integer[],'52______ 54______ 55______ 57______ 58______ 59______ 70______ 73______'::text,'2______ 3______ 4______ 6______ 8______ 5_______'::text), ('231'::text,'0'::text,false,'{7,8,9}'::integer[],'46_____ 47_____ 5______ 6______ 22_______ 33_______ 42_______ 55_______ 76_______ 77_______ 88_______'::text,'2_______'::text), ('232'::text,'0'::text,false,'{8}'::integer[],'25______ 30______ 31______ 32______ 33______ 34______ 35______ 66______ 7_______ 80______ 88______ 90______ 99______'::text,'2_______'::text), ('233'::text,'0'::text,false,'{8,9}'::integer[],'20_______ 23_______ 24_______ 25_______ 26_______ 27_______ 28_______ 29_______ 50_______ 53_______ 54_______ 55_______ 56_______ 57_______ 59_______'::text,'3________'::text), ('234'::text,'0'::text,false,'{10,11,12,13,14}'::integer[],'70________ 71________ 72________ 80________ 81________ 90________ 91________'::text,'2_________'::text), ('235'::text,''::text,false,'{8}'::integer[],'30______ 31______ 6_______ 77______ 85______ 86______ 87______ 9_______'::text,'2_______'::text), ('236'::text,''::text,false,'{8}'::integer[],'70______ 72______ 73______ 74______ 75______ 76______ 77______'::text,'2_______ 6_______'::text), ('237'::text,''::text,false,'{8,9}'::integer[],'24_______ 62_______ 64_______ 65_______ 66_______ 67_______ 68_______ 69_______'::text,'2________'::text), ('238'::text,''::text,false,'{7}'::integer[],'36_____ 51_____ 52_____ 53_____ 57_____ 58_____ 59_____ 9______'::text,'2______ 3______ 4______'::text), ('239'::text,''::text,false,'{7}'::integer[],'90_____ 98_____ 99_____'::text,'2______'::text), ('240'::text,''::text,false,'{9}'::integer[],'22_______ 55_______'::text,'3________'::text), ('241'::text,''::text,true,'{7,8}'::integer[],'2______ 3______ 4______ 5______ 6______ 7______ 02______ 03______ 04______ 05______ 06______ 07______ 60______ 61______ 62______ 65______ 66______ 74______ 76______ 77______'::text,'0_______ 1_______'::text), ('242'::text,''::text,true,'{9}'::integer[],'01_______ 02_______ 04_______ 05_______ 06_______'::text,'2________'::text), ('243'::text,'0'::text,false,'{7,8,9,10}'::integer[],'88_____ 80_______ 81_______ 82_______ 83_______ 84_______ 85_______ 86_______ 87_______ 89_______ 90_______ 91_______ 96_______ 97_______ 98_______ 99_______'::text,'1______ 2______ 3______ 4______ 5______ 6______ 2_______ 1________ 5_________'::text), ('244'::text,''::text,false,'{9}'::integer[],'91_______ 92_______ 93_______ 94_______ 95_______ 96_______ 97_______ 99_______'::text,'2________'::text), ('245'::text,''::text,false,'{7,9}'::integer[],'95_______ 96_______ 97_______'::text,'4______ 4________'::text), ('246'::text,''::text,false,'{7}'::integer[],'38_____'::text,'3______'::text), ('247'::text,''::text,true,'{5,6}'::integer[],'2____ 3____ 4____ 7____'::text,'6____'::text), ('248'::text,''::text,false,'{7}'::integer[],'21_____ 22_____ 25_____ 26_____ 27_____ 28_____'::text,'4______ 6______ 9______'::text), ('249'::text,'0'::text,false,'{9}'::integer[],'10_______ 11_______ 12_______ 90_______ 91_______ 92_______ 93_______ 95_______ 96_______ 99_______'::text,'1________'::text), ('250'::text,'0'::text,false,'{8,9}'::integer[],'72_______ 73_______ 77_______ 78_______ 79_______'::text,'0_______ 2________'::text), ('251'::text,'0'::text,false,'{9}'::integer[],'70_______ 71_______ 72_______ 73_______ 77_______ 78_______ 79_______ 80_______ 81_______ 9________'::text,'1________ 2________ 3________ 4________ 5________'::text), ('252'::text,'0'::text,false,'{6,7,8,9}'::integer[],'28_____ 15______ 24______ 6_______ 7_______ 90______ 92______ 93______ 94______ 95______ 96______ 97______ 98______ 99______ 35_______ 39_______ 48_______ 49_______ 6________ 70_______ 71_______ 72_______ 73_______ 75_______ 76_______ 77_______ 78_______ 79_______ 80_______ 88_______ 90_______'::text,'1_____ 3_____ 4_____ 8_____ 1______ 2______ 3______ 4______ 5______'::text), ('253'::text,''::text,false,'{8}'::integer[],'77______'::text,'2_______'::text), ('254'::text,'0'::text,false,'{7,8,9,10}'::integer[],'10_______ 11_______ 12_______ 13_______ 14_______ 18_______ 7________'::text,'4______ 5______ 6______ 2_______ 4_______ 5_______ 6_______ 2________ 4________ 5________ 6________'::text), ('255'::text,'0'::text,false,'{9}'::integer[],'60_______ 61_______ 62_______ 63_______ 65_______ 66_______ 67_______ 68_______ 69_______ 7________'::text,'2________ 4________'::text), ('256'::text,'0'::text,false,'{9}'::integer[],'7________'::text,'2________ 3________ 4________'::text), ('257'::text,''::text,false,'{8}'::integer[],'29______ 61______ 62______ 63______ 64______ 65______ 66______ 67______ 68______ 69______ 71______ 72______ 75______ 76______ 77______ 78______ 79______'::text,'2_______ 3_______'::text), ('258'::text,''::text,false,'{8,9}'::integer[],'82_______ 83_______ 84_______ 85_______ 86_______ 87_______ 88_______ 89_______'::text,'2_______'::text), ('260'::text,'0'::text,false,'{9}'::integer[],'55_______ 56_______ 57_______ 58_______ 75_______ 76_______ 77_______ 78_______ 79_______ 95_______ 96_______ 97_______ 98_______'::text,'2________ 6________'::text), ('261'::text,'0'::text,false,'{9}'::integer[],'32_______ 33_______ 34_______ 35_______ 36_______ 37_______ 38_______ 39_______'::text,'2________'::text), ('262'::text,'0'::text,false,'{9}'::integer[],'63_______ 69_______ 70_______'::text,'2________ 9________'::text), ('263'::text,'0'::text,false,'{7,9,10}'::integer[],'71_______ 72_______ 73_______ 75_______ 77_______ 78_______ 79_______'::text,'2________ 3________ 5________ 6________ 8________ 8_________'::text), ('264'::text,'0'::text,false,'{8,9}'::integer[],'60_______ 81_______ 82_______ 84_______ 85_______'::text,'6_______ 8_______ 6________ 8________'::text), ('265'::text,'0'::text,false,'{7,9}'::integer[],'11_______ 21_______ 22_______ 31_______ 77_______ 88_______ 89_______ 98_______ 99_______'::text,'1______'::text), ('266'::text,''::text,false,'{8}'::integer[],'5_______ 6_______'::text,'2_______'::text), ('267'::text,''::text,true,'{7,8,10}'::integer[],'71______ 72______ 73______ 74______ 75______ 76______ 77______ 78______ 79______'::text,'2______ 3______ 4______ 5______ 6______'::text), ('268'::text,''::text,true,'{8,9}'::integer[],'75______ 76______ 77______ 78______ 79______'::text,'2_______ 3_______ 7_______'::text), ('269'::text,''::text,false,'{7}'::integer[],'3______ 4______'::text,'7______'::text), ('290'::text,''::text,false,'{4,5}'::integer[],'5____ 6____ 9____'::text,'8___ 2____'::text), ('291'::text,'0'::text,false,'{7}'::integer[],'17_____ 7______'::text,'1______ 8______'::text), ('297'::text,''::text,false,'{7}'::integer[],'29_____ 56_____ 59_____ 60_____ 62_____ 63_____ 64_____ 66_____ 69_____ 73_____ 74_____ 77_____ 96_____ 99_____'::text,'2______ 5______'::text), ('298'::text,''::text,false,'{6}'::integer[],'21____ 22____ 23____ 24____ 25____ 26____ 27____ 28____ 29____ 5_____ 71____ 72____ 73____ 74____ 75____ 76____ 77____ 78____ 79____ 91____ 96____'::text,'2_____ 3_____ 4_____ 6_____ 8_____'::text), ('299'::text,''::text,false,'{6}'::integer[],'2_____ 4_____ 5_____'::text,'1_____ 3_____ 6_____ 7_____ 8_____ 9_____'::text), ('350'::text,''::text,false,'{8}'::integer[],'51______ 52______ 54______ 56______ 57______ 58______ 60______'::text,'2_______'::text), ('351'::text,''::text,false,'{9}'::integer[],'16_______ 60_______ 63_______ 65_______ 66_______ 91_______ 92_______ 93_______ 94_______ 96_______'::text,'2________ 3________ 8________'::text), ('352'::text,''::text,false,'{4,5,6,7,8,9,10,11}'::integer[],'62_______ 65_______ 66_______ 67_______ 68_______ 69_______'::text,'2___ 3___ 4___ 5___ 7___ 8___ 9___ 2____ 3____ 4____ 5____ 7____ 8____ 9____ 2_____ 3_____ 4_____ 5_____ 7_____ 8_____ 9_____ 2______ 3______ 4______ 5______ 7______ 8______ 9______ 2_______ 3_______ 4_______ 5_______ 7_______ 8_______ 9_______ 2________ 3________ 4________ 5________ 7________ 8________ 9________ 2_________ 3_________ 4_________ 5_________ 7_________ 8_________ 9_________ 2__________ 3__________ 4__________ 5__________ 7__________ 8__________ 9__________'::text), ('353'::text,'0'::text,false,'{7,8,9,10}'::integer[],'82_______ 83_______ 85_______ 86_______ 87_______ 88_______ 89_______'::text,'2______ 4______ 5______ 6______ 9______ 1_______ 2_______ 4_______ 5_______ 6_______ 9_______ 1________ 2________ 4________ 5________ 6________ 7________ 9________ 4_________'::text), ('354'::text,''::text,false,'{7,9}'::integer[],'61_____ 62_____ 63_____ 64_____ 65_____ 66_____ 67_____ 68_____ 69_____ 75_____ 76_____ 77_____ 78_____ 79_____ 82_____ 83_____ 84_____ 85_____ 86_____ 88_____ 89_____ 38_______'::text,'4______ 5______ 8______'::text), ('355'::text,'0'::text,false,'{6,7,8,9}'::integer[],'67_______ 68_______ 69_______'::text,'2_______ 3_______ 4_______ 5_______ 7_______ 8_______'::text), ('356'::text,''::text,false,'{8}'::integer[],'72______ 77______ 79______ 92______ 96______ 98______ 99______'::text,'2_______ 3_______'::text), ('357'::text,''::text,false,'{8}'::integer[],'91______ 94______ 95______ 96______ 97______ 99______'::text,'2_______ 7_______'::text), ('358'::text,'0'::text,false,'{5,6,7,8,9,10,11,12}'::integer[],'40____ 41____ 42____ 43____ 44____ 45____ 46____ 47____ 48____ 50____ 40_____ 41_____ 42_____ 43_____ 44_____ 45_____ 46_____ 47_____ 48_____ 50_____ 40______ 41______ 42______ 43______ 44______ 45______ 46______ 47______ 48______ 50______ 40_______ 41_______ 42_______ 43_______ 44_______ 45_______ 46_______ 47_______ 48_______ 50_______ 40________ 41________ 42________ 43________ 44________ 45________ 46________ 47________ 48________ 50________'::text,'1____ 2____ 3____ 5____ 6____ 8____ 9____ 1_____ 2_____ 3_____ 5_____ 6_____ 8_____ 9_____ 1______ 2______ 3______ 5______ 6______ 8______ 9______ 1_______ 2_______ 3_______ 5_______ 6_______ 8_______ 9_______ 1________ 2________ 3________ 5________ 6________ 8________ 9________'::text), ('359'::text,'0'::text,false,'{6,7,8,9,12}'::integer[],'43______ 87_______ 88_______ 89_______ 98_______ 99_______'::text,'2_____ 2______ 3______ 4______ 5______ 6______ 7______ 8______ 9______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______'::text), ('370'::text,'0'::text,false,'{8}'::integer[],'6_______'::text,'3_______ 4_______ 5_______ 7_______ 8_______ 9_______'::text), ('371'::text,''::text,false,'{8}'::integer[],'2_______'::text,'6_______'::text), ('372'::text,''::text,false,'{7,8,10}'::integer[],'50_____ 51_____ 52_____ 55_____ 56_____ 5_______ 81______ 82______ 83______ 84______ 89______'::text,'3______ 4______ 6______ 7______ 8______ 7_______'::text), ('373'::text,'0'::text,false,'{8}'::integer[],'56______ 6_______ 71______ 76______ 77______ 78______ 79______'::text,'2_______ 3_______ 5_______'::text), ('374'::text,'0'::text,false,'{8}'::integer[],'33______ 41______ 43______ 44______ 49______ 55______ 77______ 88______ 91______ 93______ 94______ 95______ 96______ 97______ 98______ 99______'::text,'1_______ 2_______ 3_______ 4_______ 6_______'::text), ('375'::text,'8'::text,false,'{6,7,8,9,10,11}'::integer[],'25_______ 29_______ 33_______ 44_______'::text,'1________ 2________'::text), ('376'::text,''::text,false,'{6,8,9}'::integer[],'3_____ 5_____ 6_____ 69_______'::text,'7_____ 8_____'::text), ('377'::text,'0'::text,false,'{8,9}'::integer[],'3_______ 44______ 45______ 46______ 6________ 7________'::text,'8_______ 9_______'::text), ('378'::text,''::text,true,'{8,10}'::integer[],'61______ 66______'::text,'5_______ 0_________'::text), ('380'::text,'0'::text,false,'{9,10}'::integer[],'39_______ 50_______ 63_______ 66_______ 67_______ 68_______ 71_______ 72_______ 73_______ 75_______ 77_______ 79_______ 91_______ 92_______ 93_______ 94_______ 95_______ 96_______ 97_______ 98_______ 99_______'::text,'3________ 4________ 5________ 6________ 8________'::text), ('381'::text,'0'::text,false,'{6,7,8,9,10,11,12}'::integer[],'60______ 61______ 62______ 63______ 64______ 65______ 66______ 68______ 69______ 6________ 67________'::text,'1______ 2______ 3______ 1_______ 2_______ 3_______ 1________ 2________ 3________ 1_________ 2_________ 3_________ 1__________ 2__________ 3__________ 1___________ 2___________ 3___________'::text), ('382'::text,'0'::text,false,'{8,9}'::integer[],'60______ 63______ 66______ 67______ 68______ 69______'::text,'2_______ 3_______ 4_______ 5_______ 7_______'::text), ('383'::text,'0'::text,false,'{8,9,10,11,12}'::integer[],'43______ 44______ 45______ 46______ 47______ 48______ 49______'::text,'2_______ 3_______ 2________ 3________ 3_________ 3__________ 3___________'::text), ('385'::text,'0'::text,false,'{7,8,9}'::integer[],'98______ 90_______ 91_______ 92_______ 95_______ 97_______ 98_______ 99_______'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 7_______ 2________ 3________ 4________ 5________'::text), ('386'::text,'0'::text,false,'{5,6,7,8}'::integer[],'30______ 31______ 40______ 41______ 43______ 51______ 64______ 65______ 68______ 69______ 70______ 71______'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 7_______ 8_______'::text), ('387'::text,'0'::text,false,'{8,9}'::integer[],'61______ 62______ 63______ 65______ 66______ 60_______ 64_______ 67_______'::text,'3_______ 4_______ 5_______'::text), ('389'::text,'0'::text,false,'{8}'::integer[],'7_______'::text,'2_______ 3_______ 4_______'::text), ('420'::text,''::text,false,'{9,10,11,12}'::integer[],'60_______ 70_______ 71_______ 72_______ 73_______ 77_______ 79_______'::text,'2________ 3________ 4________ 5________ 7________ 9________'::text), ('421'::text,'0'::text,false,'{6,7,9}'::integer[],'90_______ 91_______ 94_______ 95_______'::text,'2_____ 3_____ 4_____ 5_____ 2______ 3______ 4______ 5______ 2________ 3________ 4________ 5________ 6________ 8________'::text), ('423'::text,'0'::text,false,'{7,9}'::integer[],'73_____ 74_____ 75_____ 77_____ 78_____ 79_____ 64_______ 65_______ 66_______'::text,'2______ 3______'::text), ('500'::text,''::text,false,'{5}'::integer[],'5____ 6____'::text,'2____ 3____ 4____ 7____'::text), ('501'::text,''::text,true,'{7,11}'::integer[],'60_____ 61_____ 62_____ 63_____ 65_____ 66_____ 67_____'::text,'2______ 3______ 4______ 5______ 7______ 8______'::text), ('502'::text,''::text,false,'{8,11}'::integer[],'3_______ 4_______ 5_______ 80______'::text,'2_______ 6_______ 7_______'::text), ('503'::text,''::text,false,'{7,8,11}'::integer[],'5_______ 6_______ 7_______'::text,'2_______'::text), ('504'::text,''::text,false,'{8,11}'::integer[],'3_______ 7_______ 8_______ 9_______'::text,'2_______'::text), ('505'::text,''::text,false,'{8}'::integer[],'55______ 57______ 58______ 62______ 63______ 64______ 65______ 67______ 68______ 69______ 75______ 76______ 77______ 78______ 8_______'::text,'2_______'::text), ('506'::text,''::text,false,'{8,10}'::integer[],'30______ 50______ 57______ 60______ 61______ 62______ 63______ 64______ 65______ 70______ 71______ 72______ 73______ 83______ 84______ 85______ 86______ 87______ 88______ 89______'::text,'2_______ 4_______ 5_______'::text), ('507'::text,''::text,true,'{7,8,10,11}'::integer[],'11_____ 16_____ 21_____ 81_____ 87_____ 6_______'::text,'1______ 2______ 3______ 4______ 5______ 7______ 8______ 9______'::text), ('508'::text,'0'::text,false,'{6,9}'::integer[],'2_____ 3_____ 40____ 42____ 43____ 44____ 48____ 49____ 50____ 52____ 53____ 54____ 55____ 56____ 57____ 58____ 59____ 6_____ 7_____ 8_____ 9_____ 70_______'::text,'2_____ 3_____ 4_____ 5_____ 6_____ 7_____ 8_____ 9_____ 8________'::text), ('509'::text,''::text,false,'{8}'::integer[],'3_______ 4_______ 55______ 56______ 58______'::text,'2_______ 9_______'::text), ('590'::text,'0'::text,false,'{9}'::integer[],'69_______ 70_______'::text,'5________ 8________ 9________'::text), ('591'::text,'0'::text,false,'{8,9}'::integer[],'57______ 6_______ 7_______'::text,'2_______ 3_______ 4_______ 5_______'::text), ('592'::text,''::text,false,'{7}'::integer[],'51_____ 6______ 70_____ 71_____ 72_____ 73_____ 74_____ 75_____ 76_____ 77_____ 78_____'::text,'2______ 3______ 4______ 5______ 7______'::text), ('593'::text,'0'::text,false,'{8,9,10,11}'::integer[],'93_______ 95_______ 96_______ 97_______ 98_______ 99_______'::text,'2_______ 3_______ 4_______ 5_______ 6_______ 7_______'::text), ('594'::text,'0'::text,false,'{9}'::integer[],'69_______ 70_______'::text,'5________ 8________ 9________'::text), ('595'::text,'0'::text,false,'{6,7,8,9,10,11}'::integer[],'95_______ 96_______ 97_______ 98_______ 99_______'::text,'3______ 4______ 6______ 7______ 8______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 2________ 3________ 4________ 5________ 6________ 7________ 8________'::text), ('596'::text,'0'::text,false,'{9}'::integer[],'69_______ 70_______'::text,'5________ 8________ 9________'::text), ('597'::text,''::text,false,'{6,7}'::integer[],'60_____ 68_____ 71_____ 72_____ 73_____ 74_____ 75_____ 76_____ 77_____ 79_____ 81_____ 82_____ 83_____ 84_____ 85_____ 86_____ 87_____ 88_____ 89_____'::text,'2_____ 3_____ 4_____ 5_____ 9______'::text), ('598'::text,'0'::text,false,'{4,5,6,7,8,9,10,11,12,13}'::integer[],'91______ 92______ 93______ 94______ 95______ 96______ 97______ 98______ 99______'::text,'1_______ 2_______ 4_______'::text), ('599'::text,''::text,false,'{7,8}'::integer[],'31_____ 41_____ 70_____ 77_____ 78_____ 79_____ 95______ 96______'::text,'3______ 4______ 7______ 9_______'::text), ('670'::text,''::text,false,'{7,8}'::integer[],'72______ 73______ 74______ 75______ 76______ 77______ 78______'::text,'2______ 3______ 4______ 7______'::text), ('672'::text,''::text,false,'{6}'::integer[],'14____ 35____ 38____'::text,'1_____ 3_____'::text), ('673'::text,''::text,false,'{7}'::integer[],'22_____ 7______ 8______'::text,'2______ 3______ 4______ 5______'::text), ('674'::text,''::text,false,'{7}'::integer[],'22_____ 55_____ 66_____ 77_____ 8______ 99_____'::text,'4______'::text), ('675'::text,''::text,false,'{7,8}'::integer[],'7_______ 81______ 82______ 83______ 84______ 85______ 88______'::text,'2______ 3______ 4______ 5______ 6______ 8______ 9______'::text), ('676'::text,''::text,true,'{5,7}'::integer[],'54_____ 55_____ 60_____ 63_____ 68_____ 69_____ 7______ 84_____ 86_____ 87_____ 88_____ 89_____ 99_____'::text,'2____ 3____ 4____ 5____ 6____ 7____ 8____ 5______'::text), ('677'::text,''::text,false,'{5,7}'::integer[],'48___ 68_____ 69_____ 71_____ 72_____ 73_____ 74_____ 75_____ 76_____ 77_____ 78_____ 79_____ 84_____ 85_____ 86_____ 87_____ 88_____ 89_____ 9______'::text,'1____ 2____ 3____ 4____ 5____ 6____'::text), ('678'::text,''::text,false,'{5,7}'::integer[],'5______ 70_____ 71_____ 72_____ 73_____ 74_____ 75_____ 76_____ 77_____ 8______'::text,'2____ 3____ 4____ 8____ 9______'::text), ('679'::text,''::text,true,'{7,11}'::integer[],'2______ 45_____ 50_____ 51_____ 55_____ 56_____ 58_____ 7______ 80_____ 83_____ 84_____ 86_____ 87_____ 89_____ 9______'::text,'3______ 6______ 8______'::text), ('680'::text,''::text,false,'{7}'::integer[],'45_____ 46_____ 62_____ 63_____ 64_____ 66_____ 68_____ 69_____ 77_____ 78_____ 83_____ 88_____'::text,'2______ 3______ 4______ 5______ 6______ 7______ 8______ 9______'::text), ('681'::text,''::text,false,'{6,9}'::integer[],'72____ 82____ 83____'::text,'7_____ 9_____'::text), ('682'::text,''::text,false,'{5}'::integer[],'5____ 7____ 8____'::text,'2____ 3____ 4____'::text), ('683'::text,''::text,false,'{4,7}'::integer[],'5___ 6___ 88_____'::text,'4___ 7___'::text), ('685'::text,''::text,false,'{5,6,7,10}'::integer[],'71_____ 72_____ 73_____ 75_____ 76_____ 77_____ 78_____ 83_____ 84_____ 85_____ 86_____ 87_____ 89________'::text,'2____ 3____ 4____ 5____ 6____ 6_____'::text), ('686'::text,'0'::text,false,'{5,8}'::integer[],'62______ 63______ 7_______'::text,'2____ 3____ 4____ 5____ 8____ 3_______ 6_______ 7_______'::text), ('687'::text,''::text,true,'{6}'::integer[],'5_____ 7_____ 80____ 81____ 82____ 83____ 84____ 85____ 86____ 87____ 89____ 9_____'::text,'2_____ 3_____ 4_____ 8_____'::text), ('688'::text,''::text,false,'{5,6,7}'::integer[],'90____ 70_____ 71_____'::text,'2____'::text), ('689'::text,''::text,false,'{6,8,9}'::integer[],'87______ 88______ 89______'::text,'4_______'::text), ('690'::text,''::text,false,'{4,5,6,7}'::integer[],'72__ 73__ 74__ 72___ 73___ 74___ 72____ 73____ 74____ 72_____ 73_____ 74_____'::text,'2___ 3___ 4___ 2____ 3____ 4____ 2_____ 3_____ 4_____ 2______ 3______ 4______'::text), ('691'::text,''::text,false,'{7}'::integer[],'31_____ 32_____ 33_____ 35_____ 36_____ 37_____ 38_____ 39_____ 82_____ 92_____ 93_____ 94_____ 95_____ 96_____ 97_____'::text,'3______ 8______ 9______'::text), ('692'::text,'1'::text,false,'{7}'::integer[],'23_____ 32_____ 45_____ 54_____'::text,'2______ 5______ 6______'::text), ('850'::text,'0'::text,false,'{8,10}'::integer[],'19________'::text,'2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 1_________'::text), ('852'::text,''::text,false,'{5,6,7,8,9,11}'::integer[],'40______ 42______ 44______ 46______ 47______ 51______ 52______ 53______ 54______ 55______ 56______ 57______ 59______ 6_______ 70______ 71______ 84______ 90______ 91______ 92______ 93______ 94______ 95______ 96______ 97______ 98______'::text,'2_______ 3_______ 5_______ 8_______'::text), ('853'::text,''::text,true,'{7,8}'::integer[],'62______ 63______ 65______ 66______ 68______'::text,'2_______ 8_______'::text), ('855'::text,'0'::text,false,'{8,9,10}'::integer[],'1_______ 60______ 61______ 66______ 67______ 68______ 69______ 70______ 77______ 78______ 79______ 80______ 81______ 83______ 84______ 85______ 86______ 87______ 89______ 90______ 91______ 92______ 93______ 94______ 95______ 97______ 98______ 99______ 12_______ 18_______ 23_______ 24_______ 25_______ 26_______ 31_______ 32_______ 33_______ 34_______ 35_______ 36_______ 38_______ 42_______ 43_______ 44_______ 52_______ 53_______ 54_______ 55_______ 62_______ 63_______ 64_______ 65_______ 71_______ 72_______ 73_______ 74_______ 75_______ 76_______ 88_______ 96_______ 97_______'::text,'2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 2________ 3________ 4________ 5________ 6________ 7________'::text), ('856'::text,'0'::text,false,'{8,9,10}'::integer[],'30_______ 20________'::text,'2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______'::text), ('880'::text,'0'::text,false,'{6,7,8,9,10}'::integer[],'11________ 13________ 14________ 15________ 16________ 17________ 18________ 19________ 37________ 38________ 44________ 64________ 66________'::text,'5_____ 7_____ 8_____ 9_____ 3______ 4______ 5______ 6______ 7______ 8______ 9______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______ 2________ 3________ 4________ 5________ 6________ 7________ 8________ 9________ 2_________ 4_________ 6_________ 9_________'::text), ('886'::text,'0'::text,false,'{7,8,9,10,11}'::integer[],'40_______ 90_______ 91_______ 92_______ 93_______ 94_______ 95_______ 96_______ 97_______ 98_______'::text,'2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 2________ 3________ 4________ 5________ 6________ 8________ 9________ 7_________ 7__________'::text), ('960'::text,''::text,false,'{7,10}'::integer[],'46_____ 7______ 9______'::text,'3______ 6______'::text), ('961'::text,'0'::text,false,'{7,8}'::integer[],'3______ 70______ 71______ 76______ 78______ 79______ 81______'::text,'1______ 4______ 5______ 6______ 7______ 8______ 9______ 2_______'::text), ('962'::text,'0'::text,false,'{8,9}'::integer[],'42_______ 71_______ 72_______ 77_______ 78_______ 79_______'::text,'2_______ 3_______ 5_______ 6_______ 8_______ 7________'::text), ('963'::text,'0'::text,false,'{8,9}'::integer[],'50_______ 90_______ 93_______ 94_______ 95_______ 96_______ 98_______ 99_______'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 1________ 2________ 3________'::text), ('964'::text,'0'::text,false,'{8,9,10}'::integer[],'73________ 74________ 75________ 76________ 77________ 78________ 79________'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 6_______ 2________ 3________ 4________ 5________ 6________'::text), ('965'::text,''::text,false,'{7,8}'::integer[],'41______ 50______ 51______ 52______ 55______ 56______ 57______ 58______ 59______ 6_______ 9_______'::text,'2_______'::text), ('966'::text,'0'::text,false,'{9,10}'::integer[],'50_______ 51_______ 53_______ 54_______ 55_______ 56_______ 57_______ 58_______ 59_______'::text,'1________'::text), ('967'::text,'0'::text,false,'{7,8,9}'::integer[],'70_______ 71_______ 73_______ 77_______ 78_______'::text,'1______ 2______ 3______ 4______ 5______ 6______ 7______ 1_______'::text), ('968'::text,''::text,false,'{7,8,9}'::integer[],'15______ 71______ 72______ 74______ 75______ 76______ 77______ 78______ 79______ 9_______'::text,'2_______'::text), ('970'::text,'0'::text,false,'{8,9,10}'::integer[],'56_______ 59_______'::text,'2_______ 4_______ 8_______ 9_______'::text), ('971'::text,'0'::text,false,'{5,6,7,8,9,10,11,12}'::integer[],'50_______ 52_______ 53_______ 54_______ 55_______ 56_______ 58_______'::text,'2_______ 3_______ 4_______ 6_______ 7_______ 9_______'::text), ('972'::text,'0'::text,false,'{7,8,9,10,11,12}'::integer[],'50_______ 51_______ 52_______ 53_______ 54_______ 55_______ 56_______ 58_______ 59_______'::text,'2_______ 3_______ 4_______ 8_______ 9_______ 7________ 1__________ 1___________'::text), ('973'::text,''::text,false,'{8}'::integer[],'3_______ 63______ 64______ 66______'::text,'1_______ 6_______ 7_______'::text), ('974'::text,''::text,true,'{7,8,9,11}'::integer[],'3_______ 5_______ 6_______ 7_______'::text,'4_______'::text), ('975'::text,''::text,false,'{7,8}'::integer[],'16______ 17______ 77______ 87______'::text,'2______ 3______ 4______ 5______ 6______ 7______ 8______'::text), ('976'::text,'0'::text,false,'{8,9,10}'::integer[],'50______ 55______ 60______ 66______ 69______ 72______ 78______ 80______ 81______ 83______ 85______ 86______ 87______ 88______ 89______ 9_______'::text,'1_______ 2_______ 5_______ 7_______ 1________ 2________ 1_________ 2_________'::text), ('977'::text,'0'::text,false,'{8,10,11}'::integer[],'90________ 96________ 97________ 98________'::text,'1_______ 2_______ 3_______ 4_______ 5_______ 6_______ 7_______ 8_______ 9_______'::text), ('992'::text,''::text,true,'{9}'::integer[],'0________ 10_______ 11_______ 12_______ 17_______ 18_______ 19_______ 20_______ 21_______ 22_______ 27_______ 30_______ 33_______ 38_______ 40_______ 41_______ 44_______ 50_______ 55_______ 66_______ 70_______ 71_______ 75_______ 77_______ 78_______ 79_______ 80_______ 81_______ 87_______ 88_______ 89_______ 9________'::text,'3________ 4________'::text), ('993'::text,'8'::text,false,'{8}'::integer[],'6_______ 71______ 72______'::text,'1_______ 2_______ 3_______ 4_______ 5_______'::text), ('994'::text,'0'::text,false,'{9}'::integer[],'10_______ 36_______ 40_______ 44_______ 50_______ 51_______ 55_______ 60_______ 70_______ 77_______ 99_______'::text,'1________ 2________ 3________ 4________'::text), ('995'::text,'0'::text,false,'{9}'::integer[],'5________ 79_______'::text,'3________ 4________ 7________'::text), ('996'::text,'0'::text,false,'{9,10}'::integer[],'20_______ 22_______ 31_______ 50_______ 51_______ 52_______ 54_______ 55_______ 56_______ 57_______ 60_______ 70_______ 75_______ 77_______ 88_______ 91_______ 99_______'::text,'3________ 6________'::text), ('998'::text,''::text,false,'{9}'::integer[],'20_______ 33_______ 50_______ 61_______ 62_______ 65_______ 66_______ 67_______ 70_______ 72_______ 73_______ 74_______ 75_______ 77_______ 79_______ 80_______ 87_______ 88_______ 90_______ 91_______ 92_______ 93_______ 94_______ 95_______ 97_______ 98_______ 99_______'::text,'5________ 6________ 7________'::text)) "*VALUES*";

ALTER TABLE martlet_data.numbering_plans OWNER TO martlet_owner;

CREATE TABLE martlet_data.policies (
    version integer NOT NULL,
    files jsonb NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    applied_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    note text COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.policies OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.policies IS 'What the operators wrote, by version; workers read the newest.';

ALTER TABLE martlet_data.policies ALTER COLUMN version ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.policies_version_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE martlet_data.provider_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.provider_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE martlet_data.rate_grants (
    provider text NOT NULL,
    until timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_threshold='1000', autovacuum_vacuum_scale_factor='0');

ALTER TABLE martlet_data.rate_grants OWNER TO martlet_owner;

CREATE TABLE martlet_data.ready_1 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_1 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_1.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_1.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_1.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_10 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_10 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_10.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_10.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_10.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_11 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_11 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_11.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_11.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_11.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_12 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_12 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_12.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_12.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_12.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_13 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_13 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_13.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_13.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_13.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_14 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_14 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_14.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_14.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_14.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_15 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_15 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_15.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_15.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_15.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_16 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_16 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_16.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_16.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_16.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_17 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_17 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_17.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_17.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_17.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_18 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_18 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_18.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_18.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_18.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_2 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_2 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_2.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_2.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_2.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_3 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_3 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_3.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_3.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_3.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_4 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_4 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_4.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_4.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_4.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_5 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_5 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_5.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_5.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_5.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_6 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_6 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_6.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_6.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_6.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_7 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_7 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_7.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_7.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_7.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_8 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_8 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_8.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_8.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_8.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE TABLE martlet_data.ready_9 (
    slot smallint NOT NULL,
    seq bigint NOT NULL,
    message_id bigint NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    burned smallint DEFAULT 0 NOT NULL,
    resends smallint DEFAULT 0 NOT NULL,
    deaths smallint DEFAULT 0 NOT NULL,
    series smallint DEFAULT 0 NOT NULL
)
WITH (autovacuum_enabled=off, fillfactor='100');

ALTER TABLE martlet_data.ready_9 OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.ready_9.attempt IS 'Number of the last attempt; the next has one more.';

COMMENT ON COLUMN martlet_data.ready_9.burned IS 'Attempts that counted against the schedule of this series.';

COMMENT ON COLUMN martlet_data.ready_9.series IS 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

CREATE SEQUENCE martlet_data.ready_cursor_0
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_0 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_1
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_1 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_2
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_2 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_3
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_3 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_4
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_4 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_5
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_5 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_6
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_6 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_7
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_7 OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.ready_cursor_8
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.ready_cursor_8 OWNER TO martlet_owner;

CREATE TABLE martlet_data.receipts_default (
    message_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    attempt smallint,
    provider text COLLATE pg_catalog."C",
    code text COLLATE pg_catalog."C",
    detail text COLLATE pg_catalog."C",
    reference text COLLATE pg_catalog."C",
    stale boolean DEFAULT false NOT NULL,
    actor text COLLATE pg_catalog."C",
    part smallint
);

ALTER TABLE martlet_data.receipts_default OWNER TO martlet_owner;

CREATE TABLE martlet_data.report_days (
    day date NOT NULL,
    origin text NOT NULL COLLATE pg_catalog."C",
    asked_at timestamp with time zone NOT NULL,
    next_xid xid8 NOT NULL,
    counted_xid xid8,
    counted_until timestamp with time zone,
    counted_at timestamp with time zone,
    inserted bigint,
    took interval,
    CONSTRAINT report_days_check CHECK (((counted_xid IS NULL) = (counted_until IS NULL)))
);

ALTER TABLE martlet_data.report_days OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.report_days IS 'How far each day''s partitions are counted (count_day). A report reads what came since.';

COMMENT ON COLUMN martlet_data.report_days.origin IS 'Server and table. Numbers of transactions mean nothing elsewhere: what was restored is counted anew.';

COMMENT ON COLUMN martlet_data.report_days.next_xid IS 'Above all transactions that had a number at asked_at: once they have ended, all that was written before is there.';

COMMENT ON COLUMN martlet_data.report_days.counted_xid IS 'Receipts of earlier transactions are counted.';

COMMENT ON COLUMN martlet_data.report_days.counted_until IS 'Messages with earlier ids, and attempts admitted earlier, are counted.';

COMMENT ON COLUMN martlet_data.report_days.inserted IS 'Rows put into the day''s partitions, by PostgreSQL''s counters, before it was counted.';

CREATE TABLE martlet_data.report_dead (
    message_id bigint NOT NULL
);

ALTER TABLE martlet_data.report_dead OWNER TO martlet_owner;

COMMENT ON TABLE martlet_data.report_dead IS 'The dead letters that are in report_counts.';

ALTER TABLE martlet_data.run_pauses ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.run_pauses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.run_zones (
    run_id integer NOT NULL,
    zone smallint NOT NULL,
    time_zone text NOT NULL COLLATE pg_catalog."C",
    is_fallback boolean NOT NULL,
    first_place bigint NOT NULL,
    members bigint NOT NULL
);

ALTER TABLE martlet_data.run_zones OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.run_zones.is_fallback IS 'Members without a zone of their own, who get the declared one.';

ALTER TABLE martlet_data.runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.senders (
    key text NOT NULL COLLATE pg_catalog."C",
    default_country text COLLATE pg_catalog."C",
    time_zone text NOT NULL COLLATE pg_catalog."C",
    is_default boolean DEFAULT false NOT NULL,
    retired_at timestamp with time zone,
    default_locale text COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.senders OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.senders.default_locale IS 'Of messages without a locale; null: not known, because the policy was applied by a version that did not store it.';

CREATE SEQUENCE martlet_data.session_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.session_seq OWNER TO martlet_owner;

CREATE SEQUENCE martlet_data.sleeper
    START WITH 0
    INCREMENT BY 1
    MINVALUE 0
    NO MAXVALUE
    CACHE 1;

ALTER TABLE martlet_data.sleeper OWNER TO martlet_owner;

COMMENT ON SEQUENCE martlet_data.sleeper IS 'Milliseconds since 1970 until which a worker sleeps and wants NOTIFY martlet_ready; read and set outside of transactions.';

ALTER TABLE martlet_data.suppressions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME martlet_data.suppressions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE martlet_data.surveys (
    message_id bigint NOT NULL,
    attempt smallint NOT NULL,
    channel text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    sender text NOT NULL COLLATE pg_catalog."C",
    template text NOT NULL COLLATE pg_catalog."C",
    locale text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    address_key text GENERATED ALWAYS AS (martlet_data.address_key(address)) STORED COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.surveys OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.surveys.sender IS 'Who asked, as the recipient sees it: a number or a name.';

CREATE TABLE martlet_data.templates (
    key text NOT NULL COLLATE pg_catalog."C",
    channel text NOT NULL COLLATE pg_catalog."C",
    locale text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    subject text COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C",
    html text COLLATE pg_catalog."C",
    required text[] DEFAULT '{}'::text[] NOT NULL,
    pushed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    pushed_by text DEFAULT SESSION_USER NOT NULL COLLATE pg_catalog."C",
    retired_at timestamp with time zone,
    answers jsonb,
    answer_within interval,
    confirms text COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.templates OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.templates.answers IS 'Name of an answer: the words that give it. Null: nothing is asked.';

COMMENT ON COLUMN martlet_data.templates.confirms IS 'The purpose whose pending consent a yes makes granted.';

CREATE TABLE martlet_data.time_zones (
    name text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE martlet_data.time_zones OWNER TO martlet_owner;

CREATE TABLE martlet_data.webhook_endpoints (
    name text NOT NULL COLLATE pg_catalog."C",
    events text[] NOT NULL,
    classes text[] NOT NULL,
    group_prefixes text[] NOT NULL
);

ALTER TABLE martlet_data.webhook_endpoints OWNER TO martlet_owner;

COMMENT ON COLUMN martlet_data.webhook_endpoints.classes IS 'Empty: all, and what is about no class; so are group_prefixes.';

ALTER TABLE ONLY martlet_data.attempts ATTACH PARTITION martlet_data.attempts_default DEFAULT;

ALTER TABLE ONLY martlet_data.carrier_ids ATTACH PARTITION martlet_data.carrier_ids_default DEFAULT;

ALTER TABLE ONLY martlet_data.due ATTACH PARTITION martlet_data.due_1 FOR VALUES IN ('1');

ALTER TABLE ONLY martlet_data.due ATTACH PARTITION martlet_data.due_2 FOR VALUES IN ('2');

ALTER TABLE ONLY martlet_data.leased ATTACH PARTITION martlet_data.leased_1 FOR VALUES IN ('1');

ALTER TABLE ONLY martlet_data.leased ATTACH PARTITION martlet_data.leased_2 FOR VALUES IN ('2');

ALTER TABLE ONLY martlet_data.message_links ATTACH PARTITION martlet_data.message_links_default DEFAULT;

ALTER TABLE ONLY martlet_data.messages ATTACH PARTITION martlet_data.messages_default DEFAULT;

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_1 FOR VALUES IN ('1');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_10 FOR VALUES IN ('10');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_11 FOR VALUES IN ('11');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_12 FOR VALUES IN ('12');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_13 FOR VALUES IN ('13');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_14 FOR VALUES IN ('14');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_15 FOR VALUES IN ('15');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_16 FOR VALUES IN ('16');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_17 FOR VALUES IN ('17');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_18 FOR VALUES IN ('18');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_2 FOR VALUES IN ('2');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_3 FOR VALUES IN ('3');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_4 FOR VALUES IN ('4');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_5 FOR VALUES IN ('5');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_6 FOR VALUES IN ('6');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_7 FOR VALUES IN ('7');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_8 FOR VALUES IN ('8');

ALTER TABLE ONLY martlet_data.ready ATTACH PARTITION martlet_data.ready_9 FOR VALUES IN ('9');

ALTER TABLE ONLY martlet_data.receipts ATTACH PARTITION martlet_data.receipts_default DEFAULT;

ALTER TABLE ONLY martlet_data.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (message_id, attempt);

ALTER TABLE ONLY martlet_data.attempts_default
    ADD CONSTRAINT attempts_default_pkey PRIMARY KEY (message_id, attempt);

ALTER TABLE ONLY martlet_data.audience_rejects
    ADD CONSTRAINT audience_rejects_pkey PRIMARY KEY (audience_id, n);

ALTER TABLE ONLY martlet_data.audiences
    ADD CONSTRAINT audiences_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.budget_usage
    ADD CONSTRAINT budget_usage_pkey PRIMARY KEY (key);

ALTER TABLE ONLY martlet_data.budgets
    ADD CONSTRAINT budgets_pkey PRIMARY KEY (name);

ALTER TABLE ONLY martlet_data.campaigns
    ADD CONSTRAINT campaigns_pkey PRIMARY KEY (name, version);

ALTER TABLE ONLY martlet_data.cancellations
    ADD CONSTRAINT cancellations_pkey PRIMARY KEY (message_id);

ALTER TABLE ONLY martlet_data.cap_retention
    ADD CONSTRAINT cap_retention_pkey PRIMARY KEY (one);

ALTER TABLE ONLY martlet_data.cap_usage
    ADD CONSTRAINT cap_usage_pkey PRIMARY KEY (recipient_key);

ALTER TABLE ONLY martlet_data.channels
    ADD CONSTRAINT channels_name_key UNIQUE (name);

ALTER TABLE ONLY martlet_data.channels
    ADD CONSTRAINT channels_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.classes
    ADD CONSTRAINT classes_name_key UNIQUE (name);

ALTER TABLE ONLY martlet_data.classes
    ADD CONSTRAINT classes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.cluster
    ADD CONSTRAINT cluster_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY martlet_data.code_pools
    ADD CONSTRAINT code_pools_pkey PRIMARY KEY (name);

ALTER TABLE ONLY martlet_data.codes
    ADD CONSTRAINT codes_message_id_key UNIQUE (message_id);

ALTER TABLE ONLY martlet_data.codes
    ADD CONSTRAINT codes_pkey PRIMARY KEY (pool, code);

ALTER TABLE ONLY martlet_data.connection_slots
    ADD CONSTRAINT connection_slots_pkey PRIMARY KEY (provider, slot);

ALTER TABLE ONLY martlet_data.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (message_id);

ALTER TABLE ONLY martlet_data.enqueue_places
    ADD CONSTRAINT enqueue_places_pkey PRIMARY KEY (template, class, channel);

ALTER TABLE ONLY martlet_data.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.follow_ups
    ADD CONSTRAINT follow_ups_pkey PRIMARY KEY (message_id);

ALTER TABLE ONLY martlet_data.follow_ups
    ADD CONSTRAINT follow_ups_sent_id_key UNIQUE (sent_id);

ALTER TABLE ONLY martlet_data.group_cancellations
    ADD CONSTRAINT group_cancellations_pkey PRIMARY KEY (group_key, producer);

ALTER TABLE ONLY martlet_data.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (producer, key);

ALTER TABLE ONLY martlet_data.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (producer, name);

ALTER TABLE ONLY martlet_data.inbound_events
    ADD CONSTRAINT inbound_events_pkey PRIMARY KEY (inbound_id);

ALTER TABLE ONLY martlet_data.inbound_events
    ADD CONSTRAINT inbound_events_position_key UNIQUE ("position");

ALTER TABLE ONLY martlet_data.inbound_texts
    ADD CONSTRAINT inbound_texts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.job_messages
    ADD CONSTRAINT job_messages_pkey PRIMARY KEY (job_id, message_id);

ALTER TABLE ONLY martlet_data.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.journey_messages
    ADD CONSTRAINT journey_messages_pkey PRIMARY KEY (journey_id, person, entry, step);

ALTER TABLE ONLY martlet_data.journey_people
    ADD CONSTRAINT journey_people_pkey PRIMARY KEY (journey_id, person);

ALTER TABLE ONLY martlet_data.journey_triggers
    ADD CONSTRAINT journey_triggers_pkey PRIMARY KEY (event, journey_id, version, kind);

ALTER TABLE ONLY martlet_data.journey_versions
    ADD CONSTRAINT journey_versions_pkey PRIMARY KEY (journey_id, version);

ALTER TABLE ONLY martlet_data.journeys
    ADD CONSTRAINT journeys_name_key UNIQUE (name);

ALTER TABLE ONLY martlet_data.journeys
    ADD CONSTRAINT journeys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (lane);

ALTER TABLE ONLY martlet_data.levels
    ADD CONSTRAINT levels_pkey PRIMARY KEY (kind, name, figure);

ALTER TABLE ONLY martlet_data.link_visits
    ADD CONSTRAINT link_visits_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.message_links
    ADD CONSTRAINT message_links_pkey PRIMARY KEY (message_id);

ALTER TABLE ONLY martlet_data.message_links_default
    ADD CONSTRAINT message_links_default_pkey PRIMARY KEY (message_id);

ALTER TABLE ONLY martlet_data.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.messages_default
    ADD CONSTRAINT messages_default_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.policies
    ADD CONSTRAINT policies_pkey PRIMARY KEY (version);

ALTER TABLE ONLY martlet_data.provider_events
    ADD CONSTRAINT provider_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.provider_health
    ADD CONSTRAINT provider_health_pkey PRIMARY KEY (session, provider);

ALTER TABLE ONLY martlet_data.provider_orders
    ADD CONSTRAINT provider_orders_pkey PRIMARY KEY (provider);

ALTER TABLE ONLY martlet_data.receipt_promises
    ADD CONSTRAINT receipt_promises_pkey PRIMARY KEY (provider);

ALTER TABLE ONLY martlet_data.report_counts
    ADD CONSTRAINT report_counts_pkey PRIMARY KEY (slice, class_id, group_key, provider, currency);

ALTER TABLE ONLY martlet_data.report_days
    ADD CONSTRAINT report_days_pkey PRIMARY KEY (day);

ALTER TABLE ONLY martlet_data.report_dead
    ADD CONSTRAINT report_dead_pkey PRIMARY KEY (message_id);

ALTER TABLE ONLY martlet_data.requeues
    ADD CONSTRAINT requeues_pkey PRIMARY KEY (message_id, series);

ALTER TABLE ONLY martlet_data.run_chunks
    ADD CONSTRAINT run_chunks_pkey PRIMARY KEY (run_id, chunk);

ALTER TABLE ONLY martlet_data.run_goals
    ADD CONSTRAINT run_goals_pkey PRIMARY KEY (run_id, place);

ALTER TABLE ONLY martlet_data.run_pauses
    ADD CONSTRAINT run_pauses_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.run_variants
    ADD CONSTRAINT run_variants_pkey PRIMARY KEY (run_id, variant);

ALTER TABLE ONLY martlet_data.run_zones
    ADD CONSTRAINT run_zones_pkey PRIMARY KEY (run_id, zone);

ALTER TABLE ONLY martlet_data.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.segments
    ADD CONSTRAINT segments_pkey PRIMARY KEY (kind, slot);

ALTER TABLE ONLY martlet_data.senders
    ADD CONSTRAINT senders_pkey PRIMARY KEY (key);

ALTER TABLE ONLY martlet_data.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.suppressions
    ADD CONSTRAINT suppressions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY martlet_data.surveys
    ADD CONSTRAINT surveys_pkey PRIMARY KEY (message_id);

ALTER TABLE ONLY martlet_data.templates
    ADD CONSTRAINT templates_pkey PRIMARY KEY (key, channel, locale, version);

ALTER TABLE ONLY martlet_data.time_zones
    ADD CONSTRAINT time_zones_pkey PRIMARY KEY (name);

ALTER TABLE ONLY martlet_data.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (name);

CREATE UNIQUE INDEX audiences_name ON martlet_data.audiences USING btree (name) WHERE (state = 'ready'::text);

CREATE INDEX audit_object ON martlet_data.audit USING btree (object);

CREATE INDEX cancellations_cancelled_at ON martlet_data.cancellations USING btree (cancelled_at);

CREATE INDEX carrier_ids_folded ON ONLY martlet_data.carrier_ids USING btree (folded);

CREATE INDEX carrier_ids_default_folded_idx ON martlet_data.carrier_ids_default USING btree (folded);

CREATE INDEX codes_free ON martlet_data.codes USING btree (pool, n) WHERE (state = 'free'::text);

CREATE INDEX codes_open ON martlet_data.codes USING btree (message_id) WHERE (state = ANY (ARRAY['reserved'::text, 'held'::text]));

CREATE INDEX consents_newest ON martlet_data.consents USING btree (recipient_key, channel, purpose, id DESC);

CREATE INDEX consents_person ON martlet_data.consents USING btree (person_key, channel, purpose, id DESC);

CREATE INDEX dead_letters_died_at ON martlet_data.dead_letters USING btree (died_at);

CREATE INDEX due_1_due_at_idx ON martlet_data.due_1 USING btree (due_at);

CREATE INDEX due_1_message_id_idx ON martlet_data.due_1 USING btree (message_id);

CREATE INDEX due_2_due_at_idx ON martlet_data.due_2 USING btree (due_at);

CREATE INDEX due_2_message_id_idx ON martlet_data.due_2 USING btree (message_id);

CREATE INDEX events_at ON martlet_data.events USING brin (at);

CREATE UNIQUE INDEX events_once ON martlet_data.events USING btree (producer, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX events_person ON martlet_data.events USING btree (person, id);

CREATE INDEX follow_ups_due_at ON martlet_data.follow_ups USING btree (due_at) WHERE (state = 'open'::text);

CREATE INDEX idempotency_keys_created_at ON martlet_data.idempotency_keys USING brin (created_at);

CREATE INDEX inbound_events_answers ON martlet_data.inbound_events USING btree (answers, "position") WHERE (answers IS NOT NULL);

CREATE INDEX inbound_texts_at ON martlet_data.inbound_texts USING btree (at);

CREATE INDEX inbound_texts_first_id ON martlet_data.inbound_texts USING btree (first_id) WHERE (first_id IS NOT NULL);

CREATE INDEX inbound_texts_sender ON martlet_data.inbound_texts USING btree (sender, id);

CREATE INDEX job_messages_waiting ON martlet_data.job_messages USING btree (job_id, message_id) WHERE (result IS NULL);

CREATE INDEX jobs_ended_at ON martlet_data.jobs USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX jobs_next_at ON martlet_data.jobs USING btree (next_at) WHERE (state = 'running'::text);

CREATE INDEX journey_people_due ON martlet_data.journey_people USING btree (journey_id, due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX journey_people_person ON martlet_data.journey_people USING btree (person);

CREATE INDEX link_visits_message_id ON martlet_data.link_visits USING btree (message_id);

CREATE INDEX messages_recipient_key ON ONLY martlet_data.messages USING btree (recipient_key);

CREATE INDEX messages_default_recipient_key_idx ON martlet_data.messages_default USING btree (recipient_key);

CREATE INDEX provider_events_at ON martlet_data.provider_events USING btree (at);

CREATE INDEX provider_events_next_try ON martlet_data.provider_events USING btree (next_try) WHERE (next_try IS NOT NULL);

CREATE INDEX rate_grants_line ON martlet_data.rate_grants USING btree (provider, until DESC);

CREATE INDEX ready_10_seq_idx ON martlet_data.ready_10 USING btree (seq);

CREATE INDEX ready_11_seq_idx ON martlet_data.ready_11 USING btree (seq);

CREATE INDEX ready_12_seq_idx ON martlet_data.ready_12 USING btree (seq);

CREATE INDEX ready_13_seq_idx ON martlet_data.ready_13 USING btree (seq);

CREATE INDEX ready_14_seq_idx ON martlet_data.ready_14 USING btree (seq);

CREATE INDEX ready_15_seq_idx ON martlet_data.ready_15 USING btree (seq);

CREATE INDEX ready_16_seq_idx ON martlet_data.ready_16 USING btree (seq);

CREATE INDEX ready_17_seq_idx ON martlet_data.ready_17 USING btree (seq);

CREATE INDEX ready_18_seq_idx ON martlet_data.ready_18 USING btree (seq);

CREATE INDEX ready_1_seq_idx ON martlet_data.ready_1 USING btree (seq);

CREATE INDEX ready_2_seq_idx ON martlet_data.ready_2 USING btree (seq);

CREATE INDEX ready_3_seq_idx ON martlet_data.ready_3 USING btree (seq);

CREATE INDEX ready_4_seq_idx ON martlet_data.ready_4 USING btree (seq);

CREATE INDEX ready_5_seq_idx ON martlet_data.ready_5 USING btree (seq);

CREATE INDEX ready_6_seq_idx ON martlet_data.ready_6 USING btree (seq);

CREATE INDEX ready_7_seq_idx ON martlet_data.ready_7 USING btree (seq);

CREATE INDEX ready_8_seq_idx ON martlet_data.ready_8 USING btree (seq);

CREATE INDEX ready_9_seq_idx ON martlet_data.ready_9 USING btree (seq);

CREATE UNIQUE INDEX receipts_once ON ONLY martlet_data.receipts USING btree (message_id, attempt, kind, part) WHERE (part IS NOT NULL);

CREATE UNIQUE INDEX receipts_default_message_id_attempt_kind_part_idx ON martlet_data.receipts_default USING btree (message_id, attempt, kind, part) WHERE (part IS NOT NULL);

CREATE INDEX receipts_message_id ON ONLY martlet_data.receipts USING btree (message_id);

CREATE INDEX receipts_default_message_id_idx ON martlet_data.receipts_default USING btree (message_id);

CREATE INDEX requeues_requeued_at ON martlet_data.requeues USING btree (requeued_at);

CREATE INDEX run_chunks_waiting ON martlet_data.run_chunks USING btree (run_id, due_at) WHERE (released_at IS NULL);

CREATE UNIQUE INDEX run_pauses_now ON martlet_data.run_pauses USING btree (run_id, reason) WHERE (lifted_at IS NULL);

CREATE INDEX runs_goal ON martlet_data.runs USING btree (goal) WHERE ((goal IS NOT NULL) AND (stopped_at IS NULL));

CREATE INDEX runs_open ON martlet_data.runs USING btree (id) WHERE is_open;

CREATE UNIQUE INDEX suppressions_active ON martlet_data.suppressions USING btree (address, channel, scope) WHERE (lifted_at IS NULL);

CREATE INDEX suppressions_key ON martlet_data.suppressions USING btree (address_key, channel) WHERE (lifted_at IS NULL);

CREATE INDEX surveys_address ON martlet_data.surveys USING btree (address, channel, opened_at);

CREATE INDEX surveys_key ON martlet_data.surveys USING btree (address_key, channel, opened_at);

CREATE INDEX surveys_until ON martlet_data.surveys USING btree (until);

ALTER INDEX martlet_data.attempts_pkey ATTACH PARTITION martlet_data.attempts_default_pkey;

ALTER INDEX martlet_data.carrier_ids_folded ATTACH PARTITION martlet_data.carrier_ids_default_folded_idx;

ALTER INDEX martlet_data.message_links_pkey ATTACH PARTITION martlet_data.message_links_default_pkey;

ALTER INDEX martlet_data.messages_pkey ATTACH PARTITION martlet_data.messages_default_pkey;

ALTER INDEX martlet_data.messages_recipient_key ATTACH PARTITION martlet_data.messages_default_recipient_key_idx;

ALTER INDEX martlet_data.receipts_once ATTACH PARTITION martlet_data.receipts_default_message_id_attempt_kind_part_idx;

ALTER INDEX martlet_data.receipts_message_id ATTACH PARTITION martlet_data.receipts_default_message_id_idx;

CREATE TRIGGER bulk_enqueue_row INSTEAD OF INSERT ON martlet.bulk_enqueue FOR EACH ROW EXECUTE FUNCTION martlet_data.bulk_enqueue_row();

CREATE TRIGGER note_follow_up AFTER INSERT ON martlet_data.receipts FOR EACH ROW WHEN (((new.kind = ANY (ARRAY['delivered'::text, 'undelivered'::text, 'opened'::text, 'clicked'::text, 'dead'::text, 'expired'::text, 'suppressed'::text, 'capped'::text, 'cancelled'::text, 'discarded'::text])) AND (NOT new.stale))) EXECUTE FUNCTION martlet_data.note_follow_up();

CREATE CONSTRAINT TRIGGER position_inbound AFTER INSERT ON martlet_data.inbound_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION martlet_data.position_inbound();

CREATE TRIGGER publish_consents AFTER INSERT ON martlet_data.consents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.publish_consents();

CREATE TRIGGER publish_dead_letters AFTER INSERT ON martlet_data.dead_letters REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.publish_dead_letters();

CREATE TRIGGER publish_lifted AFTER UPDATE ON martlet_data.suppressions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.publish_suppressions();

CREATE TRIGGER publish_suppressions AFTER INSERT ON martlet_data.suppressions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.publish_suppressions();

CREATE TRIGGER refresh_enqueue_places AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON martlet_data.channels FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.refresh_enqueue_places();

CREATE TRIGGER refresh_enqueue_places AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON martlet_data.classes FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.refresh_enqueue_places();

CREATE TRIGGER refresh_enqueue_places AFTER UPDATE ON martlet_data.cluster FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.refresh_enqueue_places();

CREATE TRIGGER refresh_enqueue_places AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON martlet_data.senders FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.refresh_enqueue_places();

CREATE TRIGGER refresh_enqueue_places AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON martlet_data.templates FOR EACH STATEMENT EXECUTE FUNCTION martlet_data.refresh_enqueue_places();

ALTER TABLE ONLY martlet_data.audience_rejects
    ADD CONSTRAINT audience_rejects_audience_id_fkey FOREIGN KEY (audience_id) REFERENCES martlet_data.audiences(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.classes
    ADD CONSTRAINT classes_lane_fkey FOREIGN KEY (lane) REFERENCES martlet_data.lanes(lane);

ALTER TABLE ONLY martlet_data.codes
    ADD CONSTRAINT codes_pool_fkey FOREIGN KEY (pool) REFERENCES martlet_data.code_pools(name);

ALTER TABLE ONLY martlet_data.inbound_events
    ADD CONSTRAINT inbound_events_inbound_id_fkey FOREIGN KEY (inbound_id) REFERENCES martlet_data.inbound_texts(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.job_messages
    ADD CONSTRAINT job_messages_job_id_fkey FOREIGN KEY (job_id) REFERENCES martlet_data.jobs(id);

ALTER TABLE ONLY martlet_data.journey_messages
    ADD CONSTRAINT journey_messages_journey_id_person_fkey FOREIGN KEY (journey_id, person) REFERENCES martlet_data.journey_people(journey_id, person) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.journey_people
    ADD CONSTRAINT journey_people_journey_id_fkey FOREIGN KEY (journey_id) REFERENCES martlet_data.journeys(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.journey_triggers
    ADD CONSTRAINT journey_triggers_journey_id_version_fkey FOREIGN KEY (journey_id, version) REFERENCES martlet_data.journey_versions(journey_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.journey_versions
    ADD CONSTRAINT journey_versions_journey_id_fkey FOREIGN KEY (journey_id) REFERENCES martlet_data.journeys(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.run_chunks
    ADD CONSTRAINT run_chunks_run_id_fkey FOREIGN KEY (run_id) REFERENCES martlet_data.runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.run_goals
    ADD CONSTRAINT run_goals_run_id_fkey FOREIGN KEY (run_id) REFERENCES martlet_data.runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.run_pauses
    ADD CONSTRAINT run_pauses_run_id_fkey FOREIGN KEY (run_id) REFERENCES martlet_data.runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.run_variants
    ADD CONSTRAINT run_variants_run_id_fkey FOREIGN KEY (run_id) REFERENCES martlet_data.runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.run_zones
    ADD CONSTRAINT run_zones_run_id_fkey FOREIGN KEY (run_id) REFERENCES martlet_data.runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY martlet_data.runs
    ADD CONSTRAINT runs_audience_id_fkey FOREIGN KEY (audience_id) REFERENCES martlet_data.audiences(id);

GRANT USAGE ON SCHEMA martlet TO martlet_producer;
GRANT USAGE ON SCHEMA martlet TO martlet_worker;
GRANT USAGE ON SCHEMA martlet TO martlet_admin;
GRANT USAGE ON SCHEMA martlet TO martlet_reader;
GRANT USAGE ON SCHEMA martlet TO martlet_gateway;

GRANT USAGE ON SCHEMA martlet_data TO martlet_worker;
GRANT USAGE ON SCHEMA martlet_data TO martlet_admin;
GRANT USAGE ON SCHEMA martlet_data TO martlet_reader;
GRANT USAGE ON SCHEMA martlet_data TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet.add_members(audience text, people jsonb, OUT members bigint, OUT rejected bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.add_members(audience text, people jsonb, OUT members bigint, OUT rejected bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.add_members(audience text, people jsonb, OUT members bigint, OUT rejected bigint) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.approve_run(run_id integer, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.approve_run(run_id integer, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.begin_audience(name text, query text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.begin_audience(name text, query text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.begin_audience(name text, query text) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.cancel(message_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.cancel(message_id bigint) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.cancel(message_id bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.cancel(group_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.cancel(group_key text) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.cancel(group_key text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.cancel_follow_up(message_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.cancel_follow_up(message_id bigint) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.cancel_follow_up(message_id bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.cluster_of(p_message_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.cluster_of(p_message_id bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.cluster_of(p_message_id bigint) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.cluster_of(p_message_id bigint) TO martlet_reader;
GRANT ALL ON FUNCTION martlet.cluster_of(p_message_id bigint) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet.create_audience(name text, query text, OUT members bigint, OUT rejected bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.create_audience(name text, query text, OUT members bigint, OUT rejected bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.create_audience(name text, query text, OUT members bigint, OUT rejected bigint) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.create_job(action text, why text, message_ids bigint[], selection jsonb, options jsonb, per_second integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.create_job(action text, why text, message_ids bigint[], selection jsonb, options jsonb, per_second integer) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.created_at(p_message_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.created_at(p_message_id bigint) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.created_at(p_message_id bigint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet.created_at(p_message_id bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.created_at(p_message_id bigint) TO martlet_reader;

REVOKE ALL ON FUNCTION martlet.discard(message_id bigint, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.discard(message_id bigint, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.drain_provider(provider text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.drain_provider(provider text, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.enqueue(class text, channel text, recipient text, template text, variables jsonb, idempotency_key text, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, traceparent text, check_template boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.enqueue(class text, channel text, recipient text, template text, variables jsonb, idempotency_key text, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, traceparent text, check_template boolean) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.enqueue(class text, channel text, recipient text, template text, variables jsonb, idempotency_key text, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, traceparent text, check_template boolean) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.enqueue_many(messages jsonb, check_template boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.enqueue_many(messages jsonb, check_template boolean) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.enqueue_many(messages jsonb, check_template boolean) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.enqueue_rows(class text[], channel text[], recipient text[], template text[], variables text[], idempotency_key text[], scheduled_at text[], expires_at text[], recipient_key text[], locale text[], time_zone text[], tier text[], group_key text[], sender text[], headers text[], traceparent text[], check_template boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.enqueue_rows(class text[], channel text[], recipient text[], template text[], variables text[], idempotency_key text[], scheduled_at text[], expires_at text[], recipient_key text[], locale text[], time_zone text[], tier text[], group_key text[], sender text[], headers text[], traceparent text[], check_template boolean) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.enqueue_rows(class text[], channel text[], recipient text[], template text[], variables text[], idempotency_key text[], scheduled_at text[], expires_at text[], recipient_key text[], locale text[], time_zone text[], tier text[], group_key text[], sender text[], headers text[], traceparent text[], check_template boolean) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.enter_journey(journey text, recipient_key text, data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.enter_journey(journey text, recipient_key text, data jsonb) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.event(name text, recipient_key text, data jsonb, idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.event(name text, recipient_key text, data jsonb, idempotency_key text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.event(name text, recipient_key text, data jsonb, idempotency_key text) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.exit_journey(journey text, recipient_key text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.exit_journey(journey text, recipient_key text, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.finish_audience(audience_id integer, OUT members bigint, OUT rejected bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.finish_audience(audience_id integer, OUT members bigint, OUT rejected bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.finish_audience(audience_id integer, OUT members bigint, OUT rejected bigint) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval, template text, class text, variables jsonb, locale text, sender text, check_template boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval, template text, class text, variables jsonb, locale text, sender text, check_template boolean) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval, template text, class text, variables jsonb, locale text, sender text, check_template boolean) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.follow_up_rows(message_ids bigint[], follow_ups text[], check_template boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.follow_up_rows(message_ids bigint[], follow_ups text[], check_template boolean) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.follow_up_rows(message_ids bigint[], follow_ups text[], check_template boolean) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.goal(name text, recipient_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.goal(name text, recipient_key text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.goal(name text, recipient_key text) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.import_advance(name text, from_line bigint, to_line bigint, enqueued bigint, finished boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.import_advance(name text, from_line bigint, to_line bigint, enqueued bigint, finished boolean) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.import_advance(name text, from_line bigint, to_line bigint, enqueued bigint, finished boolean) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.import_audience(import text, digest text, arguments jsonb, audience text, OUT lines_done bigint, OUT audience_id integer, OUT is_finished boolean, OUT members bigint, OUT rejected bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.import_audience(import text, digest text, arguments jsonb, audience text, OUT lines_done bigint, OUT audience_id integer, OUT is_finished boolean, OUT members bigint, OUT rejected bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.import_audience(import text, digest text, arguments jsonb, audience text, OUT lines_done bigint, OUT audience_id integer, OUT is_finished boolean, OUT members bigint, OUT rejected bigint) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.import_begin(name text, digest text, arguments jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.import_begin(name text, digest text, arguments jsonb) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.import_begin(name text, digest text, arguments jsonb) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.load_codes(pool text, codes text[], valid_until timestamp with time zone, OUT loaded bigint, OUT doubles bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.load_codes(pool text, codes text[], valid_until timestamp with time zone, OUT loaded bigint, OUT doubles bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.load_codes(pool text, codes text[], valid_until timestamp with time zone, OUT loaded bigint, OUT doubles bigint) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.missing_receipts_since(since interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.missing_receipts_since(since interval) TO martlet_reader;
GRANT ALL ON FUNCTION martlet.missing_receipts_since(since interval) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.move_provider(provider text, target text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.move_provider(provider text, target text, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.pause_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT people bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.pause_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT people bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.pause_lane(lane integer, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.pause_lane(lane integer, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.pause_provider(provider text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.pause_provider(provider text, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.pause_run(run_id integer, why text, OUT paused_at timestamp with time zone, OUT in_flight bigint, OUT messages bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.pause_run(run_id integer, why text, OUT paused_at timestamp with time zone, OUT in_flight bigint, OUT messages bigint[]) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.provider_slo_since(since interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.provider_slo_since(since interval) TO martlet_reader;
GRANT ALL ON FUNCTION martlet.provider_slo_since(since interval) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.provider_usage(since timestamp with time zone, enqueued_since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.provider_usage(since timestamp with time zone, enqueued_since timestamp with time zone) TO martlet_reader;
GRANT ALL ON FUNCTION martlet.provider_usage(since timestamp with time zone, enqueued_since timestamp with time zone) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.record_consent(recipient_key text, channel text, purpose text, status text, method text, wording text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.record_consent(recipient_key text, channel text, purpose text, status text, method text, wording text) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.record_consent(recipient_key text, channel text, purpose text, status text, method text, wording text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.reject_rows(audience_id integer, lines bigint[], fields text[], problems text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.reject_rows(audience_id integer, lines bigint[], fields text[], problems text[]) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.reject_rows(audience_id integer, lines bigint[], fields text[], problems text[]) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.remove_audience(name text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.remove_audience(name text, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.report(since timestamp with time zone, group_key text, class text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.report(since timestamp with time zone, group_key text, class text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.report(since timestamp with time zone, group_key text, class text) TO martlet_reader;

REVOKE ALL ON FUNCTION martlet.report_costs(since timestamp with time zone, group_key text, class text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.report_costs(since timestamp with time zone, group_key text, class text) TO martlet_reader;
GRANT ALL ON FUNCTION martlet.report_costs(since timestamp with time zone, group_key text, class text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.report_messages(since timestamp with time zone, group_key text, class text, opt_out_within interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.report_messages(since timestamp with time zone, group_key text, class text, opt_out_within interval) TO martlet_reader;
GRANT ALL ON FUNCTION martlet.report_messages(since timestamp with time zone, group_key text, class text, opt_out_within interval) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.report_opt_outs(since timestamp with time zone, group_key text, class text, opt_out_within interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.report_opt_outs(since timestamp with time zone, group_key text, class text, opt_out_within interval) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.report_opt_outs(since timestamp with time zone, group_key text, class text, opt_out_within interval) TO martlet_reader;

REVOKE ALL ON FUNCTION martlet.requeue(message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean, approve_words boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.requeue(message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean, approve_words boolean) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.resume_job(job_id bigint, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.resume_job(job_id bigint, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.resume_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT late bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.resume_journey(journey text, why text, OUT paused_at timestamp with time zone, OUT late bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.resume_lane(lane integer, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.resume_lane(lane integer, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.resume_provider(provider text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.resume_provider(provider text, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.resume_run(run_id integer, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.resume_run(run_id integer, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.set_cluster(number integer, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.set_cluster(number integer, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.slo_since(since interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.slo_since(since interval) TO martlet_reader;
GRANT ALL ON FUNCTION martlet.slo_since(since interval) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.shown(p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.shown(p_address text) TO martlet_reader;
GRANT ALL ON FUNCTION martlet_data.shown(p_address text) TO martlet_admin;

GRANT SELECT,INSERT ON TABLE martlet_data.attempts TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.attempts TO martlet_admin;
GRANT SELECT ON TABLE martlet_data.attempts TO martlet_gateway;

GRANT SELECT,DELETE ON TABLE martlet_data.cancellations TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.cancellations TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.channels TO martlet_worker;
GRANT SELECT,INSERT,UPDATE ON TABLE martlet_data.channels TO martlet_admin;
GRANT SELECT ON TABLE martlet_data.channels TO martlet_gateway;

GRANT SELECT ON TABLE martlet_data.classes TO martlet_worker;
GRANT SELECT,INSERT,UPDATE ON TABLE martlet_data.classes TO martlet_admin;
GRANT SELECT ON TABLE martlet_data.classes TO martlet_gateway;

GRANT SELECT,INSERT,DELETE ON TABLE martlet_data.dead_letters TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.dead_letters TO martlet_admin;
GRANT DELETE ON TABLE martlet_data.dead_letters TO martlet_gateway;

GRANT SELECT(message_id) ON TABLE martlet_data.dead_letters TO martlet_gateway;

GRANT SELECT(reason) ON TABLE martlet_data.dead_letters TO martlet_gateway;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.due TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.due TO martlet_admin;

GRANT SELECT,DELETE ON TABLE martlet_data.group_cancellations TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.group_cancellations TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.leased TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.leased TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.messages TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.messages TO martlet_admin;

GRANT SELECT(id) ON TABLE martlet_data.messages TO martlet_gateway;

GRANT SELECT(class_id) ON TABLE martlet_data.messages TO martlet_gateway;

GRANT SELECT(channel_id) ON TABLE martlet_data.messages TO martlet_gateway;

GRANT SELECT(address) ON TABLE martlet_data.messages TO martlet_gateway;

GRANT UPDATE(variables) ON TABLE martlet_data.messages TO martlet_worker;

GRANT UPDATE(headers) ON TABLE martlet_data.messages TO martlet_worker;

GRANT SELECT,INSERT ON TABLE martlet_data.receipts TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.receipts TO martlet_admin;
GRANT SELECT,INSERT ON TABLE martlet_data.receipts TO martlet_gateway;

GRANT SELECT,DELETE ON TABLE martlet_data.requeues TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.requeues TO martlet_admin;

GRANT SELECT ON TABLE martlet.message_status TO martlet_reader;
GRANT SELECT ON TABLE martlet.message_status TO martlet_admin;

GRANT SELECT ON TABLE martlet.my_messages TO martlet_admin;
GRANT SELECT ON TABLE martlet.my_messages TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.status(message_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.status(message_id bigint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.status(message_id bigint) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.status(idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.status(idempotency_key text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.status(idempotency_key text) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.stop_job(job_id bigint, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.stop_job(job_id bigint, why text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.stop_run(run_id integer, why text, OUT stopped_at timestamp with time zone, OUT waiting bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.stop_run(run_id integer, why text, OUT stopped_at timestamp with time zone, OUT waiting bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.suppress(channel text, recipient text, scope text, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.suppress(channel text, recipient text, scope text, reason text) TO martlet_producer;
GRANT ALL ON FUNCTION martlet.suppress(channel text, recipient text, scope text, reason text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet.undo_goal(name text, recipient_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.undo_goal(name text, recipient_key text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet.undo_goal(name text, recipient_key text) TO martlet_producer;

REVOKE ALL ON FUNCTION martlet.unsuppress(channel text, recipient text, why text, scope text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet.unsuppress(channel text, recipient text, why text, scope text) TO martlet_admin;

GRANT SELECT,DELETE ON TABLE martlet_data.jobs TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.jobs TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.act_on_job(j martlet_data.jobs, p_ids bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.add_segment(p_kind text, p_lane smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.add_segment(p_kind text, p_lane smallint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.add_segment(p_kind text, p_lane smallint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.address_key(p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.address_key(p_address text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.address_key(p_address text) TO martlet_gateway;
GRANT ALL ON FUNCTION martlet_data.address_key(p_address text) TO martlet_reader;
GRANT ALL ON FUNCTION martlet_data.address_key(p_address text) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.advance_segment(p_kind text, p_lane smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.advance_segment(p_kind text, p_lane smallint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.advance_segment(p_kind text, p_lane smallint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.apply_journey(p jsonb, p_moves jsonb, p_changed text[], OUT id integer, OUT version integer, OUT is_new boolean, OUT moved bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.apply_journey(p jsonb, p_moves jsonb, p_changed text[], OUT id integer, OUT version integer, OUT is_new boolean, OUT moved bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.apply_journey_turns(p_journey integer, p_turns jsonb[], OUT done integer, OUT failed integer, OUT problem text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.apply_journey_turns(p_journey integer, p_turns jsonb[], OUT done integer, OUT failed integer, OUT problem text) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.apply_keyword(p_channel text, p_address text, p_scope text, p_word text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) TO martlet_gateway;
GRANT ALL ON FUNCTION martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.apply_keywords(p_channel text, p_addresses text[], p_scopes text[], p_words text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.apply_keywords(p_channel text, p_addresses text[], p_scopes text[], p_words text[]) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.bucket(p_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.bucket(p_id bigint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.bucket(p_id bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.bucket(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.bucket(p_text text) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.bucket(p_text text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.bucket_of(p_seed text, p_person text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.bucket_of(p_seed text, p_person text) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.bulk_enqueue_row() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.cancel_journey_messages(p_journey integer, p_person text, p_entry integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.canonical(p_value jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.check_audience(p_id integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.check_json(p_field text, p_value jsonb, p_limit integer, p_place text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.check_leases(p_found bigint, p_wanted bigint, p_found_ids bigint, p_wanted_ids bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.check_leases(p_found bigint, p_wanted bigint, p_found_ids bigint, p_wanted_ids bigint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.check_leases(p_found bigint, p_wanted bigint, p_found_ids bigint, p_wanted_ids bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.check_template(p_class text, p_channel text, p_template text, p_variables jsonb, p_locale text, p_sender text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.check_text(p_field text, p_value text, p_limit integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.check_times(p_scheduled timestamp with time zone, p_expires timestamp with time zone, p_now timestamp with time zone, p_class text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.check_unusual(variables jsonb, headers jsonb, v_expires timestamp with time zone, scheduled_at timestamp with time zone, recipient_key text, locale text, tier text, group_key text, idempotency_key text, traceparent text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.close_runs() FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.close_runs() TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.commit_durably() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.confirm_consents(p_message_ids bigint[], p_method text, p_addresses text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.confirm_consents(p_message_ids bigint[], p_method text, p_addresses text[]) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.confirm_consents(p_message_ids bigint[], p_method text, p_addresses text[]) TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.count_day(p_day date) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.count_day(p_day date) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.count_day(p_day date) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.create_partitions(p_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.create_partitions(p_days integer) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.create_partitions(p_days integer) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.day_held_by(p_day date, p_waiting_only boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.day_held_by(p_day date, p_waiting_only boolean) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.day_held_by(p_day date, p_waiting_only boolean) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.days_to_count(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.days_to_count(p_limit integer) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.days_to_count(p_limit integer) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.decide_follow_ups(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.decide_follow_ups(p_limit integer) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.did_you_mean(p_word text, p_known text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.discard_as(p_actor text, p_job bigint, message_id bigint, why text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.disk_facts(OUT database_bytes bigint, OUT log_bytes bigint, OUT log_most bigint, OUT archive_fails interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.disk_facts(OUT database_bytes bigint, OUT log_bytes bigint, OUT log_most bigint, OUT archive_fails interval) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.drop_members(p_keep interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.drop_members(p_keep interval) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.drop_partitions(p_day date) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.drop_partitions(p_day date) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.drop_partitions(p_day date) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.drop_visit() FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.drop_visit() TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.end_job(p_job bigint, p_by text, p_why text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.enter_audience(p_journey text, p_after bigint, p_limit integer, OUT last bigint, OUT entered bigint, OUT looked bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.enter_audience(p_journey text, p_after bigint, p_limit integer, OUT last bigint, OUT entered bigint, OUT looked bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.enter_journey(p_journey integer, p_person text, p_data json, p_problem text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.first_id(p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.first_id(p_at timestamp with time zone) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.first_id(p_at timestamp with time zone) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.first_id(p_at timestamp with time zone) TO martlet_reader;

REVOKE ALL ON FUNCTION martlet_data.follow_up_settled_by(p_condition text, p_kind text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.follow_up_settled_by(p_condition text, p_kind text) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.follow_up_settled_by(p_condition text, p_kind text) TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.freeze_run(p_run jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.freeze_run(p_run jsonb) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.has_trunk_prefix(p_address text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.hold_from_admit(p_places integer[], p_hashes integer[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.inserted_on(p_day date) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.international_phone(p_digits text, p_has_zero_in_brackets boolean, p_is_strict boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.is_admin() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.is_e164(p_address text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.is_given(p_value jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.is_jsonb(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.is_plain(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.is_published(p_type text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.iso_time(p_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.journey_data(p_recipient_key text, p_data jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.json_from(p_field text, p_value text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.judge_visits(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.judge_visits(p_limit integer) TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint) TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.known_address(p_channel text, p_recipient text) FROM PUBLIC;

GRANT SELECT ON TABLE martlet_data.journeys TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.journeys TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.known_journey(p_name text) FROM PUBLIC;

GRANT SELECT ON TABLE martlet_data.runs TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.runs TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.known_run(p_run integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.leave_journey(p_journey integer, p_version integer, p_person text, p_state text, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.locale_fallbacks(p_locale text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.lock_bucket(p_bucket integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.mailbox_fault(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.mask(p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.mask(p_address text) TO martlet_reader;
GRANT ALL ON FUNCTION martlet_data.mask(p_address text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.mask(p_address text) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.may_be_blank(p_json text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.measure_levels(p_span interval) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.measure_levels(p_span interval) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.members_table(p_kind text, p_id integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.message_overviews(p_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.message_overviews(p_ids bigint[]) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.minute_of_day(p_local timestamp without time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.minute_of_day(p_local timestamp without time zone) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.minute_of_day(p_local timestamp without time zone) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.next_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.next_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.next_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.normalise_address(p_kind text, p_address text, p_country text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.normalise_phone(p_address text, p_country text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.note_follow_up() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.note_lost_event(p_endpoint text, p_type text, p_why text, p_data json) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.open_opt_outs() FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.open_opt_outs() TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.opt_out_place(p_base integer, p_channel text, p_scope text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.order_provider(p_provider text, p_state text, p_target text, p_why text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.outside_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.outside_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.outside_quiet(p_at timestamp with time zone, p_zone text, p_from integer, p_until integer) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.person_key(p_recipient_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.person_key(p_recipient_key text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.person_key(p_recipient_key text) TO martlet_gateway;
GRANT ALL ON FUNCTION martlet_data.person_key(p_recipient_key text) TO martlet_reader;
GRANT ALL ON FUNCTION martlet_data.person_key(p_recipient_key text) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.plain_address(p_kind text, p_address text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.plan_run(p_run integer, p_zones smallint[], p_firsts bigint[], p_lasts bigint[], p_dues timestamp with time zone[], p_skips boolean[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.plan_run(p_run integer, p_zones smallint[], p_firsts bigint[], p_lasts bigint[], p_dues timestamp with time zone[], p_skips boolean[]) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.policy_is_seen() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.policy_unseen() FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.policy_unseen() TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.position_inbound() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.publish(p_type text, p_class text, p_group text, p_at timestamp with time zone, p_data json) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.publish_consents() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.publish_dead_letters() FROM PUBLIC;

GRANT SELECT ON TABLE martlet_data.inbound_events TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.inbound_events TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.publish_inbound(p_event martlet_data.inbound_events) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.publish_receipts(p_kinds text[], p_messages bigint[], p_attempts smallint[], p_providers text[], p_codes text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.publish_receipts(p_kinds text[], p_messages bigint[], p_attempts smallint[], p_providers text[], p_codes text[]) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.publish_receipts(p_kinds text[], p_messages bigint[], p_attempts smallint[], p_providers text[], p_codes text[]) TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.publish_suppressions() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.reach_goal(p_name text, p_person text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.reach_journey_goal(p_name text, p_person text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.read_phone(p_address text, p_country text, OUT number text, OUT fault text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.receive_text(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint, p_channel text, p_address text, p_keyword text, p_answers bigint, p_answer text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.receive_text(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint, p_channel text, p_address text, p_keyword text, p_answers bigint, p_answer text) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.receive_text(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint, p_reference integer, p_part smallint, p_parts smallint, p_channel text, p_address text, p_keyword text, p_answers bigint, p_answer text) TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.recycle_segment(p_kind text, p_slot smallint) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.refresh_enqueue_places() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.refresh_time_zones() FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.refresh_time_zones() TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.refresh_time_zones() TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.refuse_address(p_kind text, p_address text, p_country text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.refuse_unknown(p_class text, p_channel text, p_template text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.release_budgets(p_message_ids bigint[], p_attempts smallint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.release_budgets(p_message_ids bigint[], p_attempts smallint[]) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.release_chunk(p_room integer, OUT run integer, OUT released integer, OUT skipped integer, OUT event text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.release_chunk(p_room integer, OUT run integer, OUT released integer, OUT skipped integer, OUT event text) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.release_slot(p_recipient_key text, p_message_id bigint, p_attempt smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.release_slot(p_recipient_key text, p_message_id bigint, p_attempt smallint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.release_slot(p_recipient_key text, p_message_id bigint, p_attempt smallint) TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.report_counts TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.report_counts TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.report_difference(p_day text, p_low bigint, p_high bigint, p_xid xid8, p_time timestamp with time zone, p_xid_until xid8, p_until timestamp with time zone, p_group text, p_class smallint) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.report_origin() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.report_parts(p_since timestamp with time zone, p_group text, p_class smallint) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.request_hash(class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.requeue_as(p_actor text, p_job bigint, message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean, approve_words boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.retire_segment(p_kind text, p_slot smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.retire_segment(p_kind text, p_slot smallint) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.retire_segment(p_kind text, p_slot smallint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.settle_codes(p_after bigint, p_limit integer, OUT looked integer, OUT last bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.settle_codes(p_after bigint, p_limit integer, OUT looked integer, OUT last bigint) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.take_connections(p_provider text, p_limit integer, p_session integer, p_needed integer, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.take_connections(p_provider text, p_limit integer, p_session integer, p_needed integer, p_most integer) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.take_id() FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.take_journey_people(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.take_journey_people(p_limit integer) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.take_journey_steps(p_journey integer, p_turns jsonb[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.take_rate(p_provider text, p_rate double precision, p_want integer, p_need integer, p_horizon double precision, OUT granted integer, OUT ahead double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.take_rate(p_provider text, p_rate double precision, p_want integer, p_need integer, p_horizon double precision, OUT granted integer, OUT ahead double precision) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.taken_before(p_key text, class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.tell_journeys(p_event bigint, p_name text, p_recipient_key text, p_data jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.template_stamp() FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.template_stamp() TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.template_stamp() TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.template_stamp() TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.time_from(p_field text, p_value text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.trimmed(p_value jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.undo_journey_goal(p_name text, p_person text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.unicode_label(p_label text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.unicode_label(p_label text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.unicode_label(p_label text) TO martlet_gateway;
GRANT ALL ON FUNCTION martlet_data.unicode_label(p_label text) TO martlet_reader;
GRANT ALL ON FUNCTION martlet_data.unicode_label(p_label text) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.unsubscribe(p_message_id bigint, p_scope text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.unsubscribe(p_message_id bigint, p_scope text) TO martlet_gateway;

REVOKE ALL ON FUNCTION martlet_data.unusual_address_key(p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.unusual_address_key(p_address text) TO martlet_admin;
GRANT ALL ON FUNCTION martlet_data.unusual_address_key(p_address text) TO martlet_gateway;
GRANT ALL ON FUNCTION martlet_data.unusual_address_key(p_address text) TO martlet_reader;
GRANT ALL ON FUNCTION martlet_data.unusual_address_key(p_address text) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.variables_of(p_message bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.variables_of(p_message bigint) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.wait_for_messages(p_sequence bigint, p_open xid8[], p_poll integer, p_timeout integer, p_promotes boolean, OUT elected boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.wait_for_messages(p_sequence bigint, p_open xid8[], p_poll integer, p_timeout integer, p_promotes boolean, OUT elected boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.wake_sleeper(p_lane smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.wake_sleeper(p_lane smallint) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.was_same_request(p_hash bytea, p_message_id bigint, class text, channel text, recipient text, template text, variables jsonb, scheduled_at timestamp with time zone, expires_at timestamp with time zone, recipient_key text, locale text, time_zone text, tier text, group_key text, sender text, headers jsonb, p_address text) FROM PUBLIC;

REVOKE ALL ON FUNCTION martlet_data.watch_queue(p_elects boolean, p_holds boolean, p_sleeps boolean, p_promotes boolean, p_behind bigint, OUT elected boolean, OUT is_behind boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.watch_queue(p_elects boolean, p_holds boolean, p_sleeps boolean, p_promotes boolean, p_behind bigint, OUT elected boolean, OUT is_behind boolean, OUT is_due boolean, OUT sequence bigint, OUT snapshot text, OUT next bigint, OUT cursors bigint[], OUT leased_cursor bigint, OUT due_cursor bigint) TO martlet_worker;

REVOKE ALL ON FUNCTION martlet_data.work_on_jobs(p_job bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION martlet_data.work_on_jobs(p_job bigint, p_limit integer) TO martlet_worker;
GRANT ALL ON FUNCTION martlet_data.work_on_jobs(p_job bigint, p_limit integer) TO martlet_admin;

REVOKE ALL ON FUNCTION martlet_data.written_out(p_field text, p_element bigint, p_value jsonb, p_limit integer) FROM PUBLIC;

GRANT SELECT ON TABLE martlet.attempts TO martlet_reader;
GRANT SELECT ON TABLE martlet.attempts TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.audience_rejects TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.audiences TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.audiences TO martlet_admin;

GRANT SELECT ON TABLE martlet.audience_rejects TO martlet_admin;
GRANT SELECT ON TABLE martlet.audience_rejects TO martlet_reader;
GRANT SELECT ON TABLE martlet.audience_rejects TO martlet_producer;

GRANT SELECT ON TABLE martlet_data.audience_members TO martlet_admin;

GRANT INSERT ON TABLE martlet.audience_rows TO martlet_admin;
GRANT INSERT ON TABLE martlet.audience_rows TO martlet_producer;

GRANT SELECT ON TABLE martlet.audiences TO martlet_admin;
GRANT SELECT ON TABLE martlet.audiences TO martlet_reader;

GRANT SELECT ON TABLE martlet_data.audit TO martlet_worker;
GRANT SELECT,INSERT ON TABLE martlet_data.audit TO martlet_admin;

GRANT INSERT(action) ON TABLE martlet_data.audit TO martlet_worker;
GRANT INSERT(action) ON TABLE martlet_data.audit TO martlet_gateway;

GRANT INSERT(object) ON TABLE martlet_data.audit TO martlet_worker;
GRANT INSERT(object) ON TABLE martlet_data.audit TO martlet_gateway;

GRANT INSERT(why) ON TABLE martlet_data.audit TO martlet_worker;
GRANT INSERT(why) ON TABLE martlet_data.audit TO martlet_gateway;

GRANT INSERT(detail) ON TABLE martlet_data.audit TO martlet_worker;
GRANT INSERT(detail) ON TABLE martlet_data.audit TO martlet_gateway;

GRANT SELECT ON TABLE martlet.audit TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.budget_usage TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.budget_usage TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.budgets TO martlet_worker;
GRANT SELECT,INSERT,UPDATE ON TABLE martlet_data.budgets TO martlet_admin;

GRANT SELECT ON TABLE martlet.budgets TO martlet_admin;
GRANT SELECT ON TABLE martlet.budgets TO martlet_reader;

GRANT SELECT,INSERT ON TABLE martlet.bulk_enqueue TO martlet_producer;
GRANT SELECT,INSERT ON TABLE martlet.bulk_enqueue TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.cluster TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.cluster TO martlet_admin;

GRANT SELECT ON TABLE martlet.cluster TO martlet_admin;
GRANT SELECT ON TABLE martlet.cluster TO martlet_reader;
GRANT SELECT ON TABLE martlet.cluster TO martlet_worker;

GRANT SELECT ON TABLE martlet_data.code_pools TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.code_pools TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.codes TO martlet_admin;

GRANT SELECT(state) ON TABLE martlet_data.codes TO martlet_worker;

GRANT SELECT ON TABLE martlet.code_pools TO martlet_admin;
GRANT SELECT ON TABLE martlet.code_pools TO martlet_reader;

GRANT SELECT,INSERT,DELETE ON TABLE martlet_data.connection_slots TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.connection_slots TO martlet_admin;

GRANT SELECT,INSERT,DELETE ON TABLE martlet_data.sessions TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.sessions TO martlet_admin;

GRANT UPDATE(beat_at) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT UPDATE(in_flight) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT UPDATE(is_draining) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT UPDATE(fenced_at) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT UPDATE(ended_at) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT UPDATE(policy_version) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT UPDATE(templates) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT UPDATE(policy_problem) ON TABLE martlet_data.sessions TO martlet_worker;

GRANT SELECT ON TABLE martlet.connections TO martlet_reader;
GRANT SELECT ON TABLE martlet.connections TO martlet_admin;

GRANT SELECT ON TABLE martlet.dead_letters TO martlet_reader;
GRANT SELECT ON TABLE martlet.dead_letters TO martlet_admin;

GRANT SELECT,DELETE ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.follow_ups TO martlet_admin;

GRANT SELECT(message_id) ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT SELECT(message_id) ON TABLE martlet_data.follow_ups TO martlet_gateway;

GRANT SELECT(condition) ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT SELECT(condition) ON TABLE martlet_data.follow_ups TO martlet_gateway;

GRANT SELECT(due_at),UPDATE(due_at) ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT SELECT(due_at),UPDATE(due_at) ON TABLE martlet_data.follow_ups TO martlet_gateway;

GRANT UPDATE(variables) ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT UPDATE(variables) ON TABLE martlet_data.follow_ups TO martlet_gateway;

GRANT SELECT(state),UPDATE(state) ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT SELECT(state),UPDATE(state) ON TABLE martlet_data.follow_ups TO martlet_gateway;

GRANT UPDATE(why) ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT UPDATE(why) ON TABLE martlet_data.follow_ups TO martlet_gateway;

GRANT UPDATE(decided_at) ON TABLE martlet_data.follow_ups TO martlet_worker;
GRANT UPDATE(decided_at) ON TABLE martlet_data.follow_ups TO martlet_gateway;

GRANT SELECT ON TABLE martlet.follow_ups TO martlet_reader;
GRANT SELECT ON TABLE martlet.follow_ups TO martlet_admin;

GRANT SELECT,INSERT,DELETE ON TABLE martlet_data.inbound_texts TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.inbound_texts TO martlet_admin;
GRANT SELECT,INSERT ON TABLE martlet_data.inbound_texts TO martlet_gateway;

GRANT SELECT ON TABLE martlet.inbound_events TO martlet_reader;
GRANT SELECT ON TABLE martlet.inbound_events TO martlet_admin;

GRANT SELECT ON TABLE martlet.inbound_texts TO martlet_reader;
GRANT SELECT ON TABLE martlet.inbound_texts TO martlet_admin;

GRANT SELECT,DELETE ON TABLE martlet_data.job_messages TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.job_messages TO martlet_admin;

GRANT SELECT ON TABLE martlet.job_messages TO martlet_admin;
GRANT SELECT ON TABLE martlet.job_messages TO martlet_reader;

GRANT SELECT ON TABLE martlet.jobs TO martlet_admin;
GRANT SELECT ON TABLE martlet.jobs TO martlet_reader;

GRANT SELECT ON TABLE martlet_data.journey_people TO martlet_admin;

GRANT SELECT(journey_id) ON TABLE martlet_data.journey_people TO martlet_worker;

GRANT SELECT(due_at) ON TABLE martlet_data.journey_people TO martlet_worker;

GRANT SELECT ON TABLE martlet.journey_people TO martlet_admin;
GRANT SELECT ON TABLE martlet.journey_people TO martlet_reader;

GRANT SELECT ON TABLE martlet_data.journey_messages TO martlet_admin;

GRANT SELECT ON TABLE martlet.journey_report TO martlet_admin;
GRANT SELECT ON TABLE martlet.journey_report TO martlet_reader;

GRANT SELECT ON TABLE martlet_data.journey_triggers TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.journey_versions TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.journey_versions TO martlet_admin;

GRANT SELECT ON TABLE martlet.journeys TO martlet_admin;
GRANT SELECT ON TABLE martlet.journeys TO martlet_reader;

GRANT SELECT ON TABLE martlet_data.lanes TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.lanes TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.segments TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.segments TO martlet_admin;

GRANT SELECT ON TABLE martlet.lanes TO martlet_reader;
GRANT SELECT ON TABLE martlet.lanes TO martlet_admin;

GRANT SELECT,INSERT ON TABLE martlet_data.message_links TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.message_links TO martlet_admin;
GRANT SELECT ON TABLE martlet_data.message_links TO martlet_gateway;

GRANT UPDATE(targets) ON TABLE martlet_data.message_links TO martlet_worker;

GRANT UPDATE(expires_at) ON TABLE martlet_data.message_links TO martlet_worker;

GRANT SELECT ON TABLE martlet.link_clicks TO martlet_reader;
GRANT SELECT ON TABLE martlet.link_clicks TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.receipt_promises TO martlet_worker;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.receipt_promises TO martlet_admin;

GRANT SELECT ON TABLE martlet.missing_receipts TO martlet_reader;
GRANT SELECT ON TABLE martlet.missing_receipts TO martlet_admin;

GRANT SELECT ON TABLE martlet.provider_slo TO martlet_reader;
GRANT SELECT ON TABLE martlet.provider_slo TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.provider_health TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.provider_health TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.provider_orders TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.provider_orders TO martlet_admin;

GRANT SELECT ON TABLE martlet.providers TO martlet_reader;
GRANT SELECT ON TABLE martlet.providers TO martlet_admin;

GRANT SELECT ON TABLE martlet.receipts TO martlet_reader;
GRANT SELECT ON TABLE martlet.receipts TO martlet_admin;
GRANT SELECT ON TABLE martlet.receipts TO martlet_worker;

GRANT SELECT ON TABLE martlet_data.run_goals TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.run_goals TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.run_members TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.run_members TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.run_variants TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.run_variants TO martlet_admin;

GRANT SELECT ON TABLE martlet.run_members TO martlet_admin;
GRANT SELECT ON TABLE martlet.run_members TO martlet_reader;

GRANT SELECT ON TABLE martlet.run_report TO martlet_admin;
GRANT SELECT ON TABLE martlet.run_report TO martlet_reader;

GRANT SELECT ON TABLE martlet_data.run_chunks TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.run_chunks TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.run_pauses TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.run_pauses TO martlet_admin;

GRANT SELECT ON TABLE martlet.runs TO martlet_admin;
GRANT SELECT ON TABLE martlet.runs TO martlet_reader;

GRANT SELECT ON TABLE martlet.slo TO martlet_reader;
GRANT SELECT ON TABLE martlet.slo TO martlet_admin;

GRANT SELECT,INSERT ON TABLE martlet_data.suppressions TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.suppressions TO martlet_admin;

GRANT SELECT(channel),INSERT(channel) ON TABLE martlet_data.suppressions TO martlet_gateway;

GRANT SELECT(address),INSERT(address) ON TABLE martlet_data.suppressions TO martlet_gateway;

GRANT SELECT(scope),INSERT(scope) ON TABLE martlet_data.suppressions TO martlet_gateway;

GRANT INSERT(reason) ON TABLE martlet_data.suppressions TO martlet_gateway;

GRANT SELECT(lifted_at) ON TABLE martlet_data.suppressions TO martlet_gateway;

GRANT SELECT ON TABLE martlet.suppressions TO martlet_admin;

GRANT SELECT ON TABLE martlet.survey_answers TO martlet_reader;
GRANT SELECT ON TABLE martlet.survey_answers TO martlet_admin;

GRANT SELECT,INSERT,DELETE ON TABLE martlet_data.provider_events TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.provider_events TO martlet_admin;
GRANT SELECT,INSERT ON TABLE martlet_data.provider_events TO martlet_gateway;

GRANT SELECT ON TABLE martlet.unmatched_events TO martlet_reader;
GRANT SELECT ON TABLE martlet.unmatched_events TO martlet_admin;

GRANT SELECT ON TABLE martlet.unreadable_texts TO martlet_admin;
GRANT SELECT ON TABLE martlet.unreadable_texts TO martlet_reader;

GRANT SELECT ON TABLE martlet.workers TO martlet_reader;
GRANT SELECT ON TABLE martlet.workers TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.attempts_default TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.attempts_default TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.audit_id_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.audit_id_seq TO martlet_admin;

GRANT SELECT,INSERT ON TABLE martlet_data.campaigns TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.cap_retention TO martlet_worker;
GRANT SELECT,UPDATE ON TABLE martlet_data.cap_retention TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.cap_usage TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.cap_usage TO martlet_admin;

GRANT SELECT,INSERT ON TABLE martlet_data.carrier_ids TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.carrier_ids TO martlet_admin;
GRANT SELECT,INSERT ON TABLE martlet_data.carrier_ids TO martlet_gateway;

GRANT SELECT ON TABLE martlet_data.carrier_ids_default TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.carrier_ids_default TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.channels_id_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.channels_id_seq TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.classes_id_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.classes_id_seq TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.consents TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.consents TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.consents_id_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.consents_id_seq TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.due_1 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.due_1 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.due_2 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.due_2 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.due_cursor TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.due_cursor TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.enqueue_places TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.enqueue_places TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.events TO martlet_admin;

GRANT SELECT,DELETE ON TABLE martlet_data.idempotency_keys TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.idempotency_keys TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.imports TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.imports TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.inbound_texts_id_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.inbound_texts_id_seq TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.leased_1 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.leased_1 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.leased_2 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.leased_2 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.leased_cursor TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.leased_cursor TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.levels TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.levels TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.link_visits TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.link_visits TO martlet_admin;

GRANT INSERT(at) ON TABLE martlet_data.link_visits TO martlet_gateway;

GRANT INSERT(message_id) ON TABLE martlet_data.link_visits TO martlet_gateway;

GRANT INSERT(link) ON TABLE martlet_data.link_visits TO martlet_gateway;

GRANT INSERT(machine) ON TABLE martlet_data.link_visits TO martlet_gateway;

GRANT SELECT ON TABLE martlet_data.message_links_default TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.message_links_default TO martlet_admin;

GRANT SELECT,USAGE ON SEQUENCE martlet_data.message_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.message_seq TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.messages_default TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.messages_default TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.numbering_plans TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.numbering_plans TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.policies TO martlet_worker;
GRANT SELECT,INSERT ON TABLE martlet_data.policies TO martlet_admin;
GRANT SELECT ON TABLE martlet_data.policies TO martlet_gateway;

GRANT SELECT ON SEQUENCE martlet_data.policies_version_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.policies_version_seq TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.provider_events_id_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.provider_events_id_seq TO martlet_admin;

GRANT SELECT,INSERT,DELETE ON TABLE martlet_data.rate_grants TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.rate_grants TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_1 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_1 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_10 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_10 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_11 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_11 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_12 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_12 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_13 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_13 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_14 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_14 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_15 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_15 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_16 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_16 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_17 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_17 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_18 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_18 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_2 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_2 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_3 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_3 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_4 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_4 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_5 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_5 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_6 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_6 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_7 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_7 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_8 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_8 TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.ready_9 TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.ready_9 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_0 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_0 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_1 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_1 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_2 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_2 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_3 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_3 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_4 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_4 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_5 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_5 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_6 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_6 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_7 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_7 TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_8 TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.ready_cursor_8 TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.receipts_default TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.receipts_default TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.report_days TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.report_days TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.report_dead TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.report_dead TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.run_zones TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.run_zones TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.senders TO martlet_worker;
GRANT SELECT,INSERT,UPDATE ON TABLE martlet_data.senders TO martlet_admin;

GRANT SELECT,USAGE ON SEQUENCE martlet_data.session_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.session_seq TO martlet_admin;

GRANT SELECT ON SEQUENCE martlet_data.sleeper TO martlet_worker;

GRANT SELECT ON SEQUENCE martlet_data.suppressions_id_seq TO martlet_worker;
GRANT SELECT ON SEQUENCE martlet_data.suppressions_id_seq TO martlet_admin;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.surveys TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.surveys TO martlet_admin;
GRANT SELECT ON TABLE martlet_data.surveys TO martlet_gateway;

GRANT SELECT ON TABLE martlet_data.templates TO martlet_worker;
GRANT SELECT,INSERT,UPDATE ON TABLE martlet_data.templates TO martlet_admin;

GRANT SELECT(key) ON TABLE martlet_data.templates TO martlet_gateway;

GRANT SELECT(channel) ON TABLE martlet_data.templates TO martlet_gateway;

GRANT SELECT(locale) ON TABLE martlet_data.templates TO martlet_gateway;

GRANT SELECT(version) ON TABLE martlet_data.templates TO martlet_gateway;

GRANT SELECT(pushed_at) ON TABLE martlet_data.templates TO martlet_gateway;

GRANT SELECT(answers) ON TABLE martlet_data.templates TO martlet_gateway;

GRANT SELECT(confirms) ON TABLE martlet_data.templates TO martlet_gateway;

GRANT SELECT ON TABLE martlet_data.time_zones TO martlet_worker;
GRANT SELECT ON TABLE martlet_data.time_zones TO martlet_admin;

GRANT SELECT ON TABLE martlet_data.webhook_endpoints TO martlet_worker;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE martlet_data.webhook_endpoints TO martlet_admin;

ALTER DEFAULT PRIVILEGES FOR ROLE martlet_owner IN SCHEMA martlet_data GRANT SELECT ON TABLES  TO martlet_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE martlet_owner IN SCHEMA martlet_data GRANT SELECT ON TABLES  TO martlet_admin;


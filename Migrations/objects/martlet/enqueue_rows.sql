-- after: martlet_data.wake_sleeper
-- Many at once, as arrays with the names of enqueue's arguments: what enqueue does, for all rows by one statement. Rows that are usual
-- in every way go together; whatever is not (a national number, a long text, a used idempotency key, a mistake) goes through enqueue
-- itself, so that both say the same. Errors begin with the element's number, from 1; then nothing of the call is enqueued.
-- Before 0021 it had no check_template.
drop function if exists martlet.enqueue_rows(text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[]);
create or replace function martlet.enqueue_rows(
    class text[], channel text[], recipient text[], template text[], variables text[] default null,
    idempotency_key text[] default null, scheduled_at text[] default null, expires_at text[] default null,
    recipient_key text[] default null, locale text[] default null, time_zone text[] default null, tier text[] default null,
    group_key text[] default null, sender text[] default null, headers text[] default null, traceparent text[] default null,
    check_template boolean default true
) returns bigint[]
    language plpgsql security definer set search_path = pg_catalog, pg_temp set work_mem = '64MB' as $$
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

comment on function martlet.enqueue_rows is 'Puts many messages into the queue by one statement; returns their ids in order.';
grant execute on function martlet.enqueue_rows(text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], boolean) to martlet_admin, martlet_producer;

-- Before 0021 it had no check_template.
drop function if exists martlet.enqueue_many(jsonb);
create or replace function martlet.enqueue_many(messages jsonb, check_template boolean default true) returns table ("position" int, message_id bigint)
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
end $$;

grant execute on function martlet.enqueue_many(jsonb, boolean) to martlet_admin, martlet_producer;

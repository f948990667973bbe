-- Before 0021 it had no check_template.
-- Follow-ups for the messages of one call of enqueue_rows: a JSON object each, with the names of follow_up's arguments; null: none.
drop function if exists martlet.follow_up_rows(bigint[], text[]);
create or replace function martlet.follow_up_rows(message_ids bigint[], follow_ups text[], check_template boolean default true) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

comment on function martlet.follow_up_rows is 'follow_up for many messages, each as a JSON object; answers how many there are now.';
grant execute on function martlet.follow_up_rows(bigint[], text[], boolean) to martlet_admin, martlet_producer;

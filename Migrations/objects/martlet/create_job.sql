create or replace function martlet.create_job(action text, why text, message_ids bigint[], selection jsonb default '{"ids": true}', options jsonb default '{}',
        per_second int default null) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

comment on function martlet.create_job is 'Requeues or discards these dead letters, and no others, in the background: any worker works on it. Answers its number, see martlet.jobs.';
grant execute on function martlet.create_job(text, text, bigint[], jsonb, jsonb, integer) to martlet_admin;

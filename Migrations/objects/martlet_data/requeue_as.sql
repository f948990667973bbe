-- martlet.requeue for p_actor: the caller, or who began a job.
create or replace function martlet_data.requeue_as(p_actor text, p_job bigint, message_id bigint, why text, variables jsonb, provider text, may_duplicate boolean,
        approve_words boolean) returns timestamptz
    language plpgsql set search_path = pg_catalog, pg_temp as $$
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

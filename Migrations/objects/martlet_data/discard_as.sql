-- martlet.discard for p_actor: the caller, or who began a job.
create or replace function martlet_data.discard_as(p_actor text, p_job bigint, message_id bigint, why text) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as $$
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

-- after: martlet_data.variables_of
-- Does what the job says to these messages, all together; what refuses one refuses all, and halves them until it stands alone: then it is skipped, with the reason. What
-- may pass (a lock, a full disk, a ring that moved on) ends the batch as it is: another round does it again.
create or replace function martlet_data.act_on_job(j martlet_data.jobs, p_ids bigint[]) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as $$
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

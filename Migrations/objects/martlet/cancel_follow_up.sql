create or replace function martlet.cancel_follow_up(message_id bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

comment on function martlet.cancel_follow_up is 'cancelled | too_late (the second message is on its way: cancel that) | already_final | none';
grant execute on function martlet.cancel_follow_up(bigint) to martlet_admin, martlet_producer;

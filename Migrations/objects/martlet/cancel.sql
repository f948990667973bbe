create or replace function martlet.cancel(message_id bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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

create or replace function martlet.cancel(group_key text) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('group_key', group_key, 256);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[7340011], array[pg_catalog.hashtext(group_key)]);
    insert into martlet_data.group_cancellations as g (group_key, producer) values (group_key, case when martlet_data.is_admin() then '*' else session_user end)
        on conflict on constraint group_cancellations_pkey do update set cancelled_at = clock_timestamp();
    return 'cancelled';
end $$;

comment on function martlet.cancel(bigint) is 'cancelled | too_late | already_final';
comment on function martlet.cancel(text) is 'Every message of this group that was enqueued until now and is not yet admitted will end as cancelled.';
grant execute on function martlet.cancel(text) to martlet_admin, martlet_producer;
grant execute on function martlet.cancel(bigint) to martlet_admin, martlet_producer;

-- What a worker looks at that waits for messages: where the queue is, and with p_promotes whether a message is due.
--
-- p_elects: it waits for all workers, if no other one does. The lock is the session's, so that it ends with a worker that dies; p_holds: this session has it.
-- p_sleeps: until the next call, and for at most three seconds, an enqueue shall wake it by NOTIFY. That is said before the sequence is read: an enqueue that takes a
-- position after that sees it, and one that took a position before is seen by the caller (the sequence has moved, and the transaction is open).
-- p_behind: a position that was given out a while ago; is_behind: the one that waits has left something at it or before it.
drop function if exists martlet_data.watch_queue(boolean, boolean, boolean, boolean);
create or replace function martlet_data.watch_queue(p_elects boolean, p_holds boolean, p_sleeps boolean, p_promotes boolean, p_behind bigint default null,
        out elected boolean, out is_behind boolean, out is_due boolean, out sequence bigint, out snapshot text, out next bigint, out cursors bigint[],
        out leased_cursor bigint, out due_cursor bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
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

grant execute on function martlet_data.watch_queue(boolean, boolean, boolean, boolean, bigint) to martlet_worker;

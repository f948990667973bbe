-- Waits until something may have come into a lane: message_seq has left p_sequence, a transaction of p_open is over, or (p_promotes) a message is
-- due. At most p_timeout milliseconds, looking every p_poll. Only one session of the cluster waits; any other is answered at once (elected: false). Its lock
-- ends with the statement, so no worker has to notice that a waiter has died, and it works behind a pooler that lends connections by transaction.
--
-- message_seq moves before the transaction that moves it commits: a look would come too early. So once it has moved the waiter stays until a
-- transaction has ended, at most ten milliseconds.
create or replace function martlet_data.wait_for_messages(p_sequence bigint, p_open xid8[], p_poll int, p_timeout int, p_promotes boolean,
        out elected boolean, out is_due boolean, out sequence bigint, out snapshot text, out next bigint, out cursors bigint[],
        out leased_cursor bigint, out due_cursor bigint)
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    -- pg_sleep rounds up to the next whole millisecond.
    v_pause constant float8 := (p_poll - 0.1) / 1000;
    v_soon  constant float8 := 0.0009;
    v_began constant timestamptz := clock_timestamp();
    v_until timestamptz := v_began + p_timeout * interval '1 millisecond';
    v_look  timestamptz; -- when to look at more than the sequence
    v_due   timestamptz := case when p_promotes then v_began end;
    v_xmax  xid8;
begin
    elected := p_timeout > 0 and pg_try_advisory_xact_lock(7340009, 1);
    is_due := false;
    loop
        -- All of a wait happens in such lines: expressions without SELECT or PERFORM, which cost less than half. Each has a snapshot of its own.
        v_xmax := pg_snapshot_xmax(pg_current_snapshot());
        v_look := least(v_until, v_due, case when p_open <> '{}' then clock_timestamp() + interval '10 milliseconds' end);
        while coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0) = p_sequence and elected and clock_timestamp() < v_look
            and pg_snapshot_xmax(pg_current_snapshot()) = v_xmax
            and pg_sleep(case when p_open <> '{}' and clock_timestamp() < v_began + interval '20 milliseconds' then v_soon else v_pause end) is not null loop
        end loop;
        if coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0) <> p_sequence then
            v_until := clock_timestamp() + interval '10 milliseconds';
            while elected and pg_snapshot_xmax(pg_current_snapshot()) = v_xmax and clock_timestamp() < v_until and pg_sleep(v_soon) is not null loop
            end loop;
            exit;
        end if;
        exit when p_open <> '{}' and exists (select from unnest(p_open) o where pg_visible_in_snapshot(o, pg_current_snapshot()));
        if p_promotes and clock_timestamp() >= v_due then
            is_due := exists (select from martlet_data.due d where d.due_at <= clock_timestamp());
            exit when is_due;
            v_due := clock_timestamp() + interval '100 milliseconds';
        end if;
        exit when not elected or clock_timestamp() >= v_until;
    end loop;
    -- While messages trickle in a wait ends by them, each time: what is due must show all the same.
    if p_promotes and not is_due then
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
grant execute on function martlet_data.wait_for_messages to martlet_worker;

-- Wakes the worker that waits for messages, when this transaction commits. Called by all that put messages into a ready lane.
create or replace function martlet_data.wake_sleeper() returns void
    language plpgsql volatile as $$
begin
    if pg_sequence_last_value('martlet_data.sleeper') > date_part('epoch', clock_timestamp()) * 1000 then
        perform pg_notify('martlet_ready', '');
    end if;
end $$;

grant execute on function martlet_data.wake_sleeper() to martlet_worker;

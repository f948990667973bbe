-- Wakes the worker that waits for messages, when this transaction commits. Called by all that put messages into a ready lane: p_lane; null: several.
-- It had no lane at first.
drop function if exists martlet_data.wake_sleeper();
create or replace function martlet_data.wake_sleeper(p_lane smallint default null) returns void
    language plpgsql volatile as $$
begin
    -- The queue of notifications may not be filled by a listener of somebody else that does not read: a commit that notifies would then be refused.
    if pg_sequence_last_value('martlet_data.sleeper') > date_part('epoch', clock_timestamp()) * 1000 and pg_notification_queue_usage() < 0.1 then
        perform pg_notify('martlet_ready', coalesce(p_lane::text, ''));
    end if;
end $$;

grant execute on function martlet_data.wake_sleeper(smallint) to martlet_worker;

-- Times that a message may have. scheduled_at up to a day in the past means now (a queue in front of the caller was slow, or its clock is); before that
-- it is a mistake. Later than the class allows (366 days at most) neither is taken: a day's storage is kept until its last message has expired.
drop function if exists martlet_data.check_times(timestamptz, timestamptz, timestamptz);
create or replace function martlet_data.check_times(p_scheduled timestamptz, p_expires timestamptz, p_now timestamptz, p_class text) returns void
    language plpgsql stable as $$
declare
    v_within interval;
begin
    if p_scheduled > p_now then
        v_within := (select c.schedule_within from martlet_data.classes c where c.name = p_class and c.retired_at is null);
    end if;
    if p_scheduled < p_now - interval '24 hours' then
        raise exception 'field scheduled_at: % is more than 24 hours ago', p_scheduled using errcode = 'MT007',
            hint = 'Leave it out to send at once.';
    elsif p_scheduled > p_now + v_within then
        raise exception 'field scheduled_at: % is more than % from now, and class % may be scheduled no further ahead', p_scheduled, justify_hours(v_within), p_class using errcode = 'MT007',
            hint = 'Enqueue it nearer to its time; the limit is schedule_within in Config/policy/classes.yaml.';
    elsif p_expires <= greatest(p_now, p_scheduled) then
        raise exception 'field expires_at: % is not after %', p_expires, case when p_scheduled > p_now then 'scheduled_at' else 'now' end using errcode = 'MT007',
            hint = 'Leave it out for the class''s time to live, or pass a later time.';
    elsif p_expires > greatest(p_now, p_scheduled) + interval '366 days' then
        raise exception 'field expires_at: % is more than 366 days after it may be sent', p_expires using errcode = 'MT007',
            hint = 'Leave it out for the class''s time to live, or pass an earlier time.';
    end if;
end $$;

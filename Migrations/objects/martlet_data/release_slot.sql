-- Gives back the slot of an attempt that certainly did not happen, at most once. False: it was not there.
create or replace function martlet_data.release_slot(p_recipient_key text, p_message_id bigint, p_attempt smallint) returns boolean
    language plpgsql volatile as $$
declare
    v_hits bytea;
begin
    select c.hits into v_hits from martlet_data.cap_usage c where c.recipient_key = p_recipient_key for update;
    for v_at in 0 .. coalesce(length(v_hits), 0) / 24 - 1 loop
        if substr(v_hits, v_at * 24 + 1, 8) = int8send(p_message_id) and substr(v_hits, v_at * 24 + 17, 2) = int2send(p_attempt)
            and substr(v_hits, v_at * 24 + 23, 2) = int2send(0::smallint) then
            update martlet_data.cap_usage c set hits = substr(v_hits, 1, v_at * 24) || substr(v_hits, v_at * 24 + 25) where c.recipient_key = p_recipient_key;
            return true;
        end if;
    end loop;
    return false;
end $$;

grant execute on function martlet_data.release_slot(text, bigint, smallint) to martlet_admin, martlet_worker;

-- A position in a lane (the whole number of message_seq) and the id that goes with it. Two ids are the same only if 65,536 numbers are taken within one
-- millisecond, or if the clock is read long before the number is taken. So the clock is read on both sides: a number that took longer is left unused.
create or replace function martlet_data.take_id() returns bigint[]
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_began timestamptz;
    v_seq   bigint;
begin
    loop
        v_began := clock_timestamp();
        v_seq := nextval('martlet_data.message_seq');
        exit when clock_timestamp() < v_began + interval '10 ms';
    end loop;
    return array[v_seq, ((date_part('epoch', v_began) * 1000)::bigint - 1735689600000) << 22
        | (select c.number::bigint << 16 from martlet_data.cluster c) | (v_seq & 65535)];
end $$;

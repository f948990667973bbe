-- Ids are milliseconds since 2025-01-01T00:00:00Z << 22 | number of the cluster << 16 | 16 bits of message_seq. Ids from before clusters had numbers have 22 bits
-- of message_seq: the milliseconds are at the same place.
create or replace function martlet_data.first_id(p_at timestamptz) returns bigint
    language sql stable parallel safe as $$
    select greatest(0, (extract(epoch from p_at) * 1000)::bigint - 1735689600000) << 22 $$;

grant execute on function martlet_data.first_id(timestamp with time zone) to martlet_admin, martlet_reader, martlet_worker;

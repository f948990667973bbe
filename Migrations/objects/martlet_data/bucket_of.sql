-- Where a person stands in an experiment, 0 … 9999: a fixed hash (the first 32 bits of SHA-256 of seed, colon, person) so that it is the same on every server,
-- after every restart, and for every program that computes it again elsewhere.
create or replace function martlet_data.bucket_of(p_seed text, p_person text) returns int
    language sql immutable parallel safe strict as $$
    select ((('x' || encode(substr(sha256(convert_to(p_seed || ':' || p_person, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint * 10000) >> 32)::int $$;

grant execute on function martlet_data.bucket_of(text, text) to martlet_admin;

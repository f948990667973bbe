-- Locks of opt-out, consent and cancel against Admit: 256 buckets by hash, so that no batch exhausts the lock table. Admit holds them
-- shared until it commits; these functions take one exclusively, so what commits first is seen by the other.
create or replace function martlet_data.bucket(p_text text) returns int
    language sql immutable parallel safe strict as $$ select pg_catalog.hashtext(p_text) & 255 $$;

create or replace function martlet_data.bucket(p_id bigint) returns int
    language sql immutable parallel safe strict as $$ select pg_catalog.hashint8(p_id) & 255 $$;

grant execute on function martlet_data.bucket(bigint) to martlet_admin, martlet_worker;
grant execute on function martlet_data.bucket(text) to martlet_admin, martlet_worker;

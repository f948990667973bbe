-- Called by whatever forbids a message, before it looks and writes: from its commit on no message that it concerns is admitted, and while it is under way
-- these messages wait, and no others.
-- 1. It says that there is one (7340009, shared): Admit asks for nothing more than that while there is none.
-- 2. It holds what it concerns until its transaction ends; Admit reads that in the lock table, after it has its buckets (open_opt_outs).
-- 3. It waits for every Admit that had its buckets before, and so may not have seen it: these buckets' locks, given back at once by a subtransaction's end.
-- What a commit wrote is visible before its locks are gone, so Admit sees either the lock or what was written. Keys in order, so that no two wait for each other.
-- A transaction with very many (1024 keys) holds the rest by 1024 numbers (7340012), whatever they concern: the lock table is everybody's. Keys with 7340013 are between callers only.
create or replace function martlet_data.hold_from_admit(p_places int[], p_hashes int[]) returns void
    language plpgsql volatile as $$
declare
    v_held int := coalesce(nullif(current_setting('martlet.opt_outs', true), ''), '0')::int + cardinality(p_places);
begin
    perform pg_advisory_xact_lock_shared(7340009, 0);
    perform pg_advisory_xact_lock(k.place, k.hash) from (
        select distinct case when v_held > 1024 then 7340012 else i.place end as place, case when v_held > 1024 then i.hash & 1023 else i.hash end as hash
        from unnest(p_places, p_hashes) i(place, hash) order by 1, 2 offset 0) k;
    perform set_config('martlet.opt_outs', v_held::text, true);
    if exists (select from martlet_data.sessions s where not s.sees_opt_outs and s.ended_at is null and s.fenced_at is null
            and s.beat_at > clock_timestamp() - interval '1 minute') then
        perform martlet_data.lock_bucket(b.bucket) from (select distinct h & 255 as bucket from unnest(p_hashes) h order by 1 offset 0) b;
        return;
    end if;
    begin
        perform martlet_data.lock_bucket(b.bucket) from (select distinct h & 255 as bucket from unnest(p_hashes) h order by 1 offset 0) b;
        raise exception 'no Admit is under way that may not have seen this' using errcode = 'MT902';
    exception when sqlstate 'MT902' then
        null; -- the locks of this block are gone
    end;
end $$;

-- What became of codes, from what became of their messages: accepted spends one; it goes back when its message has ended and can never be sent (again); while it is not known
-- whether the message arrived it is held. A dead letter may be sent again, so its code stays until somebody discards it. Answers how many were looked at.
create or replace function martlet_data.settle_codes(p_after bigint, p_limit int, out looked int, out last bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
    with these as materialized (
        select c.pool, c.code, c.message_id, c.state from martlet_data.codes c where c.state in ('reserved', 'held') and c.message_id > p_after order by c.message_id limit p_limit for update skip locked),
    seen as materialized (
        select s.*, f.kind, d.message_id is not null as is_dead, exists (
            -- A try without an answer, or whose answer is not known.
            select from martlet_data.attempts a where a.message_id = s.message_id and not exists (
                select from martlet_data.receipts r where r.message_id = a.message_id and r.attempt = a.attempt and r.kind in ('accepted', 'deferred', 'rejected', 'delivered', 'undelivered') offset 0)) as is_doubtful
        from these s left join martlet_data.dead_letters d on d.message_id = s.message_id
            left join lateral (select r.kind from martlet_data.receipts r where r.message_id = s.message_id
                and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')
                order by r.kind not in ('accepted', 'delivered', 'undelivered') limit 1) f on true),
    moved as (
        update martlet_data.codes c set changed_at = clock_timestamp(), message_id = case when n.state = 'free' then null else c.message_id end, state = n.state
        from (select s.*, case when s.kind in ('accepted', 'delivered', 'undelivered') then 'spent' when s.is_doubtful and (s.is_dead or s.kind is not null) then 'held'
                when s.kind is not null and not s.is_dead then 'free' else s.state end as next from seen s) x
            cross join lateral (select x.next as state) n
        where c.pool = x.pool and c.code = x.code and n.state <> c.state returning 1)
    select count(*), max(s.message_id) into looked, last from these s;
end $$;

grant execute on function martlet_data.settle_codes(bigint, int) to martlet_worker;

-- Locks the people of one journey whose steps are due, the longest due first, for the transaction that takes the steps. Rows that another worker or a service holds are
-- passed over. With each comes what a decision needs: the data of events that came, and what became of the message that the step looks at.
create or replace function martlet_data.take_journey_people(p_limit int) returns table (
        journey_id int, version int, person text, entry int, step text, is_waiting boolean, now timestamptz, until_at timestamptz, data text, arrived text[],
        look text, accepted_at timestamptz)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
#variable_conflict use_column
declare
    v_now     timestamptz := clock_timestamp();
    v_journey int;
begin
    for v_journey in select j.id from martlet_data.journeys j cross join lateral (
            select p.due_at from martlet_data.journey_people p where p.journey_id = j.id and p.due_at <= v_now order by p.due_at limit 1) d
            where j.paused_at is null order by d.due_at loop
        -- Against a pause, which locks the row exclusively: after its commit no step is taken.
        perform from martlet_data.journeys j where j.id = v_journey and j.paused_at is null for share skip locked;
        continue when not found;
        return query
            with taken as materialized (
                select p.* from martlet_data.journey_people p where p.journey_id = v_journey and p.due_at <= v_now order by p.due_at limit p_limit for update skip locked)
            select p.journey_id, p.version, p.person, p.entry, p.step, p.is_waiting, v_now, p.until_at, p.data::text,
                case when p.arrived = '{}' then '{}' else array(select coalesce(e.data::text, '{}') from unnest(p.arrived) with ordinality a(id, n)
                    join martlet_data.events e on e.id = a.id order by a.n) end, l.look, l.accepted_at
            from taken p left join lateral (
                select case when m.message_id is null then 'ended' when bool_or(r.kind = 'clicked') then 'clicked' when bool_or(r.kind = 'opened') then 'opened'
                        when bool_or(r.kind = 'delivered') then 'delivered' when bool_or(r.kind in ('undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) then 'ended'
                        when bool_or(r.kind = 'accepted') then 'accepted' when exists (select from martlet_data.dead_letters d where d.message_id = m.message_id) then 'ended' else 'open' end as look,
                    min(r.at) filter (where r.kind = 'accepted') as accepted_at
                from martlet_data.journey_messages m left join martlet_data.receipts r on r.message_id = m.message_id and not r.stale
                where m.journey_id = p.journey_id and m.person = p.person and m.entry = p.entry and m.step = p.looks_at group by m.message_id) l on p.looks_at is not null;
        if found then
            return;
        end if;
    end loop;
end $$;

grant execute on function martlet_data.take_journey_people(int) to martlet_worker;

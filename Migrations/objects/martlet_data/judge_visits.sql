-- Makes receipts of link hits that are three seconds old: clicked and opened of those by people, prefetched of the others; the first of each kind for each
-- link. No person follows a link while the message is being handed over or right after it (2 s; mails 5 s, which scanners look into), or two different
-- links of one message within a second. One statement, so that a hit that another gateway judges meanwhile is seen here or there.
create or replace function martlet_data.judge_visits(p_limit int) returns table (kind text, code text, visits bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
    set enable_mergejoin = off as $$
#variable_conflict use_column
begin
    -- Nearly always there is none, and planning for all partitions would cost more than the look. Kept, the plan is made once a session.
    if not exists (select from martlet_data.link_visits v where v.at < clock_timestamp() - interval '3 seconds') then
        return;
    end if;
    return query
    with ripe as materialized (
        select v.id, v.at, v.message_id, v.link, v.machine from martlet_data.link_visits v
        where v.at < clock_timestamp() - interval '3 seconds' order by v.id limit p_limit for update skip locked),
    gone as (delete from martlet_data.link_visits v where v.id = any (array(select r.id from ripe r))),
    seen as materialized (
        select r.id, r.at, r.message_id, r.link, r.machine, m.id is not null as is_there, case when h.name = 'email' then interval '5 seconds' else interval '2 seconds' end as soon
        from ripe r left join martlet_data.messages m on m.id = r.message_id left join martlet_data.channels h on h.id = m.channel_id),
    judged as materialized (
        select s.message_id, s.link, s.at, s.is_there, coalesce(s.machine, case
            when not exists (select from martlet_data.attempts a where a.message_id = s.message_id and a.admitted_at <= s.at)
                or exists (
                    select from martlet_data.attempts a
                    left join lateral (select min(x.at) as at from martlet_data.receipts x where x.message_id = a.message_id and x.attempt = a.attempt and x.kind = 'accepted') t on true
                    where a.message_id = s.message_id and a.admitted_at <= s.at and s.at < coalesce(t.at, a.admitted_at) + s.soon) then 'too_soon'
            when s.link > 0 and (
                exists (select from martlet_data.link_visits o where o.message_id = s.message_id and o.link > 0 and o.link <> s.link
                    and o.at between s.at - interval '1 second' and s.at + interval '1 second')
                or exists (select from martlet_data.receipts x where x.message_id = s.message_id and x.kind in ('clicked', 'prefetched') and x.part > 0 and x.part <> s.link
                    and x.at between s.at - interval '1 second' and s.at + interval '1 second')) then 'burst' end) as code
        from seen s),
    worded as materialized (
        select j.message_id, j.link, j.at, case when j.is_there then j.code end as code, case when not j.is_there then 'gone' when j.code is not null then 'prefetched' when j.link = 0 then 'opened' else 'clicked' end as kind
        from judged j),
    written as (
        insert into martlet_data.receipts (message_id, at, kind, attempt, code, part)
        select w.message_id, w.at, w.kind, 0, w.code, w.link
        from (select distinct on (message_id, link, kind) * from worded where worded.kind <> 'gone' order by message_id, link, kind, at) w
        on conflict do nothing returning message_id, kind, attempt, code),
    -- Each first hit makes one event: one that is there already made its event when it came. A machine's hit makes none.
    told as materialized (
        select martlet_data.publish_receipts(array_agg(n.kind), array_agg(n.message_id), array_agg(n.attempt), array_agg(null::text), array_agg(n.code)) as events
        from written n where n.kind in ('clicked', 'opened') and martlet_data.is_published('message.' || n.kind) having count(*) > 0)
    select w.kind, coalesce(w.code, ''), count(*) from worded w left join told on true group by w.kind, coalesce(w.code, '');
end $$;

comment on function martlet_data.judge_visits is 'Receipts of links have attempt 0: the text is the same in every attempt. Their part is the link''s place, 0 for the picture.';
grant execute on function martlet_data.judge_visits(integer) to martlet_gateway;

-- Why: tracked links: what they lead to, who followed them, and what a campaign's report says of it.
-- Locks: none on existing tables. Compatible: yes (report_messages is made anew with two columns behind the others).
set local role martlet_owner;

-- What links lead to --------------------------------------------------------------------------------------------------------------
-- One row for a message that has tracked links, committed with its attempt: before it is sent. Others have none.
create table martlet_data.message_links (
    message_id  bigint      not null primary key,
    targets     text[]      not null,
    expires_at  timestamptz not null
) partition by range (message_id);
create table martlet_data.message_links_default partition of martlet_data.message_links default;
comment on column martlet_data.message_links.targets is 'In order, and only ever appended to: a later attempt may have been rendered from another template. Receipts name a place in it as their part.';

do $$
declare
    v_day text;
begin
    for v_day in select substr(c.relname, 10) from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'martlet_data' and c.relname ~ '^messages_[0-9]{8}$' and c.relkind = 'r' order by 1 loop
        execute format('create table martlet_data.message_links_%s partition of martlet_data.message_links for values from (%s) to (%s)', v_day,
            martlet_data.first_id(to_date(v_day, 'YYYYMMDD')::timestamp at time zone 'UTC'), martlet_data.first_id((to_date(v_day, 'YYYYMMDD') + 1)::timestamp at time zone 'UTC'));
    end loop;
end $$;

-- Makes the daily partitions of messages, attempts, receipts and message_links (by id) and of carrier_ids (by time) up to p_days ahead; returns how many
-- days were new.
create or replace function martlet_data.create_partitions(p_days int) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_day date;
    v_from bigint;
    v_until bigint;
    v_parent text;
    v_made int := 0;
begin
    if p_days not between 0 and 60 then
        raise exception 'days must be 0 … 60, not %', p_days using errcode = 'MT900';
    end if;
    perform pg_advisory_xact_lock(7340001, 2);
    for v_day in select d::date from generate_series((clock_timestamp() at time zone 'UTC')::date - 1, (clock_timestamp() at time zone 'UTC')::date + p_days, interval '1 day') d loop
        continue when to_regclass(format('martlet_data.messages_%s', to_char(v_day, 'YYYYMMDD'))) is not null;
        v_from := martlet_data.first_id(v_day::timestamp at time zone 'UTC');
        v_until := martlet_data.first_id((v_day + 1)::timestamp at time zone 'UTC');
        foreach v_parent in array array['messages', 'attempts', 'receipts', 'message_links'] loop
            execute format('create table martlet_data.%s_%s (like martlet_data.%1$s including defaults including comments including storage)', v_parent, to_char(v_day, 'YYYYMMDD'));
            execute format('alter table martlet_data.%s attach partition martlet_data.%1$s_%s for values from (%s) to (%s)', v_parent, to_char(v_day, 'YYYYMMDD'), v_from, v_until);
        end loop;
        execute format('create table martlet_data.carrier_ids_%s (like martlet_data.carrier_ids including defaults including comments including storage)', to_char(v_day, 'YYYYMMDD'));
        execute format('alter table martlet_data.carrier_ids attach partition martlet_data.carrier_ids_%s for values from (%L) to (%L)', to_char(v_day, 'YYYYMMDD'),
            v_day::timestamp at time zone 'UTC', (v_day + 1)::timestamp at time zone 'UTC');
        v_made := v_made + 1;
    end loop;
    return v_made;
end $$;

-- Drops the partitions of one UTC day. Text: 'dropped', or why not. Nothing that still waits or is held may refer to them.
create or replace function martlet_data.drop_partitions(p_day date) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_from bigint := martlet_data.first_id(p_day::timestamp at time zone 'UTC');
    v_until bigint := martlet_data.first_id((p_day + 1)::timestamp at time zone 'UTC');
    v_suffix text := to_char(p_day, 'YYYYMMDD');
    v_last timestamptz;
    v_parent text;
begin
    if to_regclass('martlet_data.messages_' || v_suffix) is null then
        return 'no such partition';
    end if;
    perform set_config('lock_timeout', '200ms', true);
    execute format('select max(expires_at) from martlet_data.messages_%s', v_suffix) into v_last;
    if v_last >= clock_timestamp() then
        return format('a message has not expired before %s', v_last);
    end if;
    -- A link works as long as it was promised to.
    if to_regclass('martlet_data.message_links_' || v_suffix) is not null then
        execute format('select max(expires_at) from martlet_data.message_links_%s', v_suffix) into v_last;
        if v_last >= clock_timestamp() then
            return format('a link does not expire before %s', v_last);
        end if;
    end if;
    begin
        -- First the lock, then the look: an enqueue or a move that is still open holds a conflicting one.
        execute format('lock table martlet_data.messages_%s in access exclusive mode', v_suffix);
    exception when lock_not_available then return 'in use';
    end;
    if exists (select from martlet_data.ready r where r.message_id >= v_from and r.message_id < v_until)
        or exists (select from martlet_data.due d where d.message_id >= v_from and d.message_id < v_until)
        or exists (select from martlet_data.leased l where l.message_id >= v_from and l.message_id < v_until)
        or exists (select from martlet_data.dead_letters d where d.message_id >= v_from and d.message_id < v_until) then
        return 'a waiting, leased or dead message refers to it';
    end if;
    begin
        foreach v_parent in array array['messages', 'attempts', 'receipts', 'message_links', 'carrier_ids'] loop
            execute format('drop table if exists martlet_data.%s_%s', v_parent, v_suffix);
        end loop;
    exception when lock_not_available then return 'in use';
    end;
    return 'dropped';
end $$;

-- Who followed them -----------------------------------------------------------------------------------------------------------------
-- For some seconds, until they are judged: whether a program follows links shows in what comes next to it.
create table martlet_data.link_visits (
    id          bigint generated always as identity primary key,
    at          timestamptz not null,
    message_id  bigint      not null,
    link        smallint    not null,
    machine     text collate "C"
);
create index link_visits_message_id on martlet_data.link_visits (message_id);
comment on column martlet_data.link_visits.link is 'Place in message_links.targets, from 1; 0: the picture.';
comment on column martlet_data.link_visits.machine is 'Why it was no person, as far as the request told; null: it may have been.';

-- What it says about campaigns -----------------------------------------------------------------------------------------------------
create view martlet.link_clicks as
    select o.group_key, o.class, o.channel, o.template, o.target, count(*) filter (where o.sent) as sent, count(*) filter (where o.clicked) as clicked,
        count(*) filter (where o.prefetched) as prefetched
    from (
        select m.group_key, k.name as class, h.name as channel, m.template, split_part(split_part(t.target, '#', 1), '?', 1) as target, l.message_id,
            bool_or(r.kind in ('accepted', 'delivered', 'undelivered')) as sent, bool_or(r.kind = 'clicked') as clicked, bool_or(r.kind = 'prefetched') as prefetched
        from martlet_data.message_links l join martlet_data.messages m on m.id = l.message_id
        join martlet_data.classes k on k.id = m.class_id join martlet_data.channels h on h.id = m.channel_id
        cross join lateral unnest(l.targets) with ordinality t(target, link)
        left join martlet_data.receipts r on r.message_id = l.message_id
            and (r.kind in ('accepted', 'delivered', 'undelivered') or r.kind in ('clicked', 'prefetched') and r.part = t.link)
        group by m.group_key, k.name, h.name, m.template, 5, l.message_id) o
    group by o.group_key, o.class, o.channel, o.template, o.target;
comment on view martlet.link_clicks is 'Messages with a link to target (without query and fragment, where people''s own values stand): sent, clicked by a person, visited by a machine. Reads every message with tracked links that it is asked for.';

drop function martlet.report_messages(timestamptz, text, text, interval);
-- Of the messages enqueued since then, all or those of a group or class: what became of them, who opted out (or complained)
-- afterwards, and of how many somebody clicked a link or (unreliable) opened the mail.
create function martlet.report_messages(since timestamptz, group_key text default null, class text default null, opt_out_within interval default '7 days')
        returns table (class_name text, messages bigint, accepted bigint, delivered bigint, undelivered bigint, waiting bigint, suppressed bigint, capped bigint,
            expired bigint, cancelled bigint, dead bigint, opted_out bigint, clicked bigint, opened bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off set work_mem = '64MB' as $$
    with chosen as materialized (
        select m.id, m.class_id, m.address, h.name as channel from martlet_data.messages m join martlet_data.channels h on h.id = m.channel_id
        where m.id >= martlet_data.first_id(report_messages.since) and (report_messages.group_key is null or m.group_key = report_messages.group_key)
            and (report_messages.class is null or m.class_id = (select c.id from martlet_data.classes c where c.name = report_messages.class))),
    ends as materialized (
        select r.message_id, min(r.at) filter (where r.kind in ('accepted', 'delivered', 'undelivered')) as accepted_at, bool_or(r.kind = 'delivered') as delivered,
            bool_or(r.kind = 'undelivered') as undelivered, bool_or(r.kind = 'suppressed') as suppressed, bool_or(r.kind = 'capped') as capped,
            bool_or(r.kind = 'expired') as expired, bool_or(r.kind in ('cancelled', 'discarded')) as cancelled,
            bool_or(r.kind = 'clicked') as clicked, bool_or(r.kind = 'opened') as opened
        from martlet_data.receipts r where r.message_id >= martlet_data.first_id(report_messages.since) group by r.message_id),
    dead as materialized (select d.message_id from martlet_data.dead_letters d where d.message_id >= martlet_data.first_id(report_messages.since)),
    -- One person opts out of what came last: each address counts once in a class.
    outs as (
        select o.class_id, count(distinct (o.channel, o.address)) as people
        from (select c.class_id, c.channel, c.address, e.accepted_at from chosen c join ends e on e.message_id = c.id where e.accepted_at is not null) o
        join martlet_data.suppressions s on s.address = o.address and s.channel = o.channel
        where s.reason in ('opt_out', 'opt_out_text', 'opt_out_link', 'complaint') and s.created_at >= o.accepted_at and s.created_at < o.accepted_at + report_messages.opt_out_within
        group by o.class_id),
    counted as (
        select c.class_id, count(*) as messages, count(*) filter (where e.accepted_at is not null) as accepted, count(*) filter (where e.delivered) as delivered,
            count(*) filter (where e.undelivered and not e.delivered) as undelivered,
            count(*) filter (where e.accepted_at is null and d.message_id is null
                and (e.message_id is null or not (e.suppressed or e.capped or e.expired or e.cancelled))) as waiting,
            count(*) filter (where e.accepted_at is null and e.suppressed) as suppressed, count(*) filter (where e.accepted_at is null and e.capped) as capped,
            count(*) filter (where e.accepted_at is null and e.expired) as expired, count(*) filter (where e.accepted_at is null and e.cancelled) as cancelled,
            count(d.message_id) as dead, count(*) filter (where e.clicked) as clicked, count(*) filter (where e.opened) as opened
        from chosen c left join ends e on e.message_id = c.id left join dead d on d.message_id = c.id group by c.class_id)
    select k.name, n.messages, n.accepted, n.delivered, n.undelivered, n.waiting, n.suppressed, n.capped, n.expired, n.cancelled, n.dead, coalesce(o.people, 0), n.clicked, n.opened
    from counted n join martlet_data.classes k on k.id = n.class_id left join outs o on o.class_id = n.class_id order by k.lane, k.name $$;

grant insert, update (targets, expires_at) on martlet_data.message_links to martlet_worker;
grant select on martlet_data.message_links to martlet_gateway;
grant insert (at, message_id, link, machine) on martlet_data.link_visits to martlet_gateway;
grant execute on function martlet.report_messages to martlet_reader, martlet_admin;
grant select on martlet.link_clicks to martlet_reader, martlet_admin;

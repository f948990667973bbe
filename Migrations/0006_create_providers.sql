-- Why: what admins order about providers, how each is doing by its workers' own eyes, and the line along which a contract's rate is given out.
-- Locks: none on existing tables. Compatible: yes; workers of the version before take no notice of orders and keep to their share of a rate.
set local role martlet_owner;

create table martlet_data.provider_orders (
    provider   text primary key,
    state      text not null check (state in ('paused', 'draining', 'moved')),
    target     text check ((target is not null) = (state = 'moved') and target <> provider),
    changed_at timestamptz not null default clock_timestamp(),
    changed_by text not null default session_user,
    why        text not null
);
comment on table martlet_data.provider_orders is 'One row per provider that is not simply in use. paused: takes nothing, what was admitted comes back; draining: takes nothing new; moved: another one takes all of its messages.';

-- Lost with a crash of the server: every worker writes its own again within seconds.
create unlogged table martlet_data.provider_health (
    session        int not null,
    provider       text not null,
    at             timestamptz not null,
    circuit        text not null check (circuit in ('closed', 'open', 'half_open')),
    reason         text,
    accepted       real not null,
    failed         real not null,
    throttled      real not null,
    refused        real not null,
    latency_ms     real not null,
    unanswered     int not null,
    waiting        int not null,
    primary key (session, provider)
) with (fillfactor = 50);
comment on table martlet_data.provider_health is 'What one worker sees of one provider: answers per second of the last ten seconds or so, and its circuit.';

-- A grant is a stretch of the provider's line: one segment each 1/rate seconds, up to "until". Only ever inserted and deleted, so no row is
-- written by many; lost with a crash, after which the line begins at the present.
create unlogged table martlet_data.rate_grants (
    provider text not null,
    until    timestamptz not null
) with (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
create index rate_grants_line on martlet_data.rate_grants (provider, until desc);

-- Gives out the next stretch of a provider's line: granted segments, the first of which may leave "ahead" seconds from now and each other one 1/rate later. None while
-- the line is given out further than p_horizon: then somebody asks again when it is not.
create function martlet_data.take_rate(p_provider text, p_rate float8, p_want int, p_need int, p_horizon float8, out granted int, out ahead float8)
    language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_now  timestamptz;
    v_tail timestamptz;
begin
    -- One after another; each statement below sees what those before committed.
    perform pg_advisory_xact_lock(7340007, hashtext(p_provider));
    v_now := clock_timestamp();
    -- What lies further ahead was granted before the clock was set back.
    select g.until into v_tail from martlet_data.rate_grants g where g.provider = p_provider and g.until < v_now + interval '1 hour' order by g.until desc limit 1;
    v_tail := greatest(v_tail, v_now);
    ahead := extract(epoch from v_tail - v_now);
    granted := 0;
    if ahead < p_horizon then
        granted := greatest(p_need, least(p_want, ceil((p_horizon - ahead) * p_rate)::int));
        insert into martlet_data.rate_grants (provider, until) values (p_provider, v_tail + make_interval(secs => granted / p_rate));
        if random() < 0.02 then
            delete from martlet_data.rate_grants g where g.provider = p_provider and g.until < v_now - interval '10 seconds';
        end if;
    end if;
end $$;

create function martlet_data.order_provider(p_provider text, p_state text, p_target text, p_why text) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform martlet_data.check_text('provider', coalesce(p_provider, ''), 64);
    perform martlet_data.check_text('why', coalesce(p_why, ''), 1000);
    perform martlet_data.commit_durably();
    if p_target is not null and exists (select from martlet_data.provider_orders o where o.provider = p_target and o.state = 'moved') then
        raise exception 'field target: the messages of % go to another provider themselves', quote_literal(p_target) using errcode = 'MT010',
            hint = 'Name the provider that shall send them, or resume ' || p_target || ' first.';
    end if;
    if p_state = 'moved' and exists (select from martlet_data.provider_orders o where o.target = p_provider) then
        raise exception 'field provider: the messages of another provider go to % already', quote_literal(p_provider) using errcode = 'MT010',
            hint = 'Resume that one first, or move it too: see martlet.providers.';
    end if;
    if p_state is null then
        delete from martlet_data.provider_orders o where o.provider = p_provider;
    else
        insert into martlet_data.provider_orders as o (provider, state, target, why) values (p_provider, p_state, p_target, p_why)
            on conflict (provider) do update set state = excluded.state, target = excluded.target, why = excluded.why, changed_at = clock_timestamp(), changed_by = session_user;
    end if;
    insert into martlet_data.audit (action, object, why, detail)
        values (case p_state when 'paused' then 'pause_provider' when 'draining' then 'drain_provider' when 'moved' then 'move_provider' else 'resume_provider' end,
            p_provider, p_why, case when p_target is not null then jsonb_build_object('target', p_target) end);
end $$;

create function martlet.pause_provider(provider text, why text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$ select martlet_data.order_provider(provider, 'paused', null, why) $$;
create function martlet.drain_provider(provider text, why text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$ select martlet_data.order_provider(provider, 'draining', null, why) $$;
create function martlet.move_provider(provider text, target text, why text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$ select martlet_data.order_provider(provider, 'moved', target, why) $$;
create function martlet.resume_provider(provider text, why text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$ select martlet_data.order_provider(provider, null, null, why) $$;

create view martlet.providers as
    with seen as (
        select h.provider, count(*) as workers, count(*) filter (where h.circuit <> 'closed') as circuits_open, max(h.reason) filter (where h.circuit <> 'closed') as reason,
            sum(h.accepted) as accepted, sum(h.failed) as failed, sum(h.throttled) as throttled, sum(h.refused) as refused,
            sum(h.latency_ms * h.accepted) / nullif(sum(h.accepted), 0) as latency_ms, sum(h.unanswered) as unanswered, sum(h.waiting) as waiting, max(h.at) as seen_at
        from martlet_data.provider_health h join martlet_data.sessions s on s.id = h.session and s.ended_at is null and s.fenced_at is null
        where h.at > clock_timestamp() - interval '30 seconds' group by h.provider)
    select coalesce(s.provider, o.provider) as provider, coalesce(o.state, 'in use') as state, o.target, o.changed_at, o.changed_by, o.why,
        coalesce(s.workers, 0) as workers, coalesce(s.circuits_open, 0) as circuits_open, s.reason, s.accepted as accepted_per_second, s.failed as failed_per_second,
        s.throttled as throttled_per_second, s.refused as refused_per_second, s.latency_ms, s.unanswered, s.waiting, s.seen_at
    from seen s full join martlet_data.provider_orders o on o.provider = s.provider;
comment on view martlet.providers is 'Providers that workers use now or admins have given an order about: the order, open circuits, answers per second of the last ten seconds or so.';

grant select on martlet.providers to martlet_reader, martlet_admin;
grant execute on function martlet.pause_provider, martlet.drain_provider, martlet.move_provider, martlet.resume_provider to martlet_admin;
grant execute on function martlet_data.take_rate to martlet_worker;
grant insert, delete on martlet_data.rate_grants to martlet_worker;
grant insert, update, delete on martlet_data.provider_health to martlet_worker;

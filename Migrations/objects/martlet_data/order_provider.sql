create or replace function martlet_data.order_provider(p_provider text, p_state text, p_target text, p_why text) returns void
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

create or replace function martlet.suppress(channel text, recipient text, scope text default 'marketing', reason text default 'opt_out') returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    v_address text := martlet_data.known_address(suppress.channel, suppress.recipient);
    v_id bigint;
begin
    perform martlet_data.check_text('reason', coalesce(suppress.reason, ''), 256);
    if suppress.scope is null or suppress.scope not in ('all', 'all_except_otp') and not exists (select from martlet_data.classes c where c.name = suppress.scope) then
        raise exception 'field scope: unknown scope %', coalesce(quote_literal(suppress.scope), 'null') using errcode = 'MT001', hint = (select martlet_data.did_you_mean(suppress.scope, array_agg(c.name) || array['all', 'all_except_otp']) from martlet_data.classes c)
                || 'Use the name of a class, all_except_otp or all.';
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[martlet_data.opt_out_place(1000000000, suppress.channel, suppress.scope)], array[pg_catalog.hashtext(martlet_data.address_key(v_address))]);
    insert into martlet_data.suppressions (channel, address, scope, reason) values (suppress.channel, v_address, suppress.scope, suppress.reason)
        on conflict (address, channel, scope) where lifted_at is null do nothing returning id into v_id;
    if v_id is null then
        select s.id into v_id from martlet_data.suppressions s where s.address = v_address and s.channel = suppress.channel and s.scope = suppress.scope and s.lifted_at is null;
    end if;
    return v_id;
end $$;

comment on function martlet.suppress is 'From its commit on nothing of this scope is admitted to the address; returns the id of the suppression.';
grant execute on function martlet.suppress(text, text, text, text) to martlet_admin, martlet_producer;

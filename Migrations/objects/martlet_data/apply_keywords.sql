-- What people asked for by text, in the order in which they wrote (p_scopes: what is suppressed; null: START); answers for each whether it
-- changed anything. An opt-out also withdraws the consents of the person whose key is the address; START lifts what was an opt-out, never
-- what was suppressed for another reason, and puts back the consents that a text withdrew as they were: it grants nothing that was not
-- granted. Locks first, all in order; every statement after them sees what was committed before.
create or replace function martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) returns boolean[]
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_changed boolean[] := '{}';
begin
    if cardinality(p_addresses) = 0 then
        return v_changed;
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_agg(k.place), array_agg(k.hash)) from (
        select 7340013 as place, pg_catalog.hashtext(martlet_data.address_key(a)) as hash from unnest(p_addresses) a -- one after the other
        union select martlet_data.opt_out_place(1000000000, i.channel, i.scope), pg_catalog.hashtext(martlet_data.address_key(i.address))
            from unnest(p_channels, p_addresses, p_scopes) i(channel, address, scope) where i.scope is not null
        -- A consent may name the phone as WhatsApp does, without +.
        union select martlet_data.opt_out_place(1400000000, i.channel, 'all'), pg_catalog.hashtext(n.key)
            from unnest(p_channels, p_addresses, p_scopes) i(channel, address, scope)
            cross join lateral (values (martlet_data.address_key(i.address)), (ltrim(martlet_data.address_key(i.address), '+'))) n(key) where i.scope is not null) k;
    for i in 1 .. cardinality(p_addresses) loop
        v_changed := v_changed || martlet_data.apply_keyword(p_channels[i], p_addresses[i], p_scopes[i], p_words[i]);
    end loop;
    return v_changed;
end $$;

create or replace function martlet_data.apply_keywords(p_channel text, p_addresses text[], p_scopes text[], p_words text[]) returns boolean[]
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select martlet_data.apply_keywords(array_fill(p_channel, array[cardinality(p_addresses)]), p_addresses, p_scopes, p_words) $$;

grant execute on function martlet_data.apply_keywords(text, text[], text[], text[]) to martlet_worker;
grant execute on function martlet_data.apply_keywords(text[], text[], text[], text[]) to martlet_gateway, martlet_worker;

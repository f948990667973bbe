-- Why: martlet-gateway: a role that takes what providers call back and what people click, and can do nothing else; leaving a list by a
--      link; keywords of texts on channels other than SMS.
-- Locks: none on existing tables beyond those of grants. Compatible: yes.
do $$
begin
    -- Roles belong to the whole server: another database's migration may have made it, or be making it right now.
    if not exists (select from pg_roles where rolname = 'martlet_gateway') then
        execute 'create role martlet_gateway nologin';
    end if;
exception when duplicate_object or unique_violation then null; -- made by somebody else in between: as wanted
end $$;
grant usage on schema martlet, martlet_data to martlet_gateway;
set local role martlet_owner;

-- What a link in a mail does: suppresses the address of the message on its channel, and withdraws the consent of the person. Nobody can name
-- another address. Whose link it is the caller has made sure of. Answers whether it changed anything; null: there is no such message any more.
create function martlet_data.unsubscribe(p_message_id bigint, p_scope text) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_channel text;
    v_address text;
    v_person text;
    v_changed boolean;
begin
    select c.name, m.address, m.recipient_key into v_channel, v_address, v_person
        from martlet_data.messages m join martlet_data.channels c on c.id = m.channel_id where m.id = p_message_id;
    if not found then
        return null;
    end if;
    if p_scope is null or not exists (select from martlet_data.classes c where c.name = p_scope) then
        p_scope := 'marketing';
    end if;
    perform martlet_data.commit_durably();
    -- Both, in order, as everybody takes them.
    perform martlet_data.lock_bucket(b.bucket) from (select distinct martlet_data.bucket(a) as bucket from unnest(array[v_address, v_person]) a order by 1 offset 0) b;
    insert into martlet_data.suppressions (channel, address, scope, reason) values (v_channel, v_address, p_scope, 'opt_out_link')
        on conflict (address, channel, scope) where lifted_at is null do nothing;
    v_changed := found;
    insert into martlet_data.consents (recipient_key, channel, purpose, status, method)
        select v_person, v_channel, p_scope, 'withdrawn', 'link'
        from (select c.status from martlet_data.consents c where c.recipient_key = v_person and c.channel = v_channel and c.purpose = p_scope order by c.id desc limit 1) n
        where n.status <> 'withdrawn';
    return v_changed or found;
end $$;

-- Texts come on more channels than SMS. All locks first, in order: then one after the other as they were written.
create function martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) returns boolean[]
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_changed boolean[] := '{}';
begin
    perform martlet_data.lock_bucket(b.bucket) from (select distinct martlet_data.bucket(a) as bucket from unnest(p_addresses) a order by 1 offset 0) b;
    for i in 1 .. cardinality(p_addresses) loop
        v_changed := v_changed || martlet_data.apply_keywords(p_channels[i], p_addresses[i:i], p_scopes[i:i], p_words[i:i]);
    end loop;
    return v_changed;
end $$;

-- Who may do what. Of messages the gateway sees neither body nor person: whose they are, and on which channel.
grant select (id, address, channel_id, class_id) on martlet_data.messages to martlet_gateway;
grant select on martlet_data.policies, martlet_data.classes, martlet_data.channels, martlet_data.carrier_ids, martlet_data.attempts, martlet_data.receipts,
    martlet_data.provider_events, martlet_data.inbound_texts to martlet_gateway;
grant select (message_id, reason), delete on martlet_data.dead_letters to martlet_gateway; -- a doubt that a receipt resolves
grant select (address, channel, scope, lifted_at) on martlet_data.suppressions to martlet_gateway;
grant insert on martlet_data.receipts, martlet_data.provider_events, martlet_data.inbound_texts, martlet_data.carrier_ids to martlet_gateway;
grant insert (channel, address, scope, reason) on martlet_data.suppressions to martlet_gateway;
grant insert (action, object, why, detail) on martlet_data.audit to martlet_gateway;
grant select (key, pushed_at) on martlet_data.templates to martlet_gateway; -- the stamp of the policy
grant execute on function martlet_data.unsubscribe, martlet_data.keep_inbound, martlet_data.apply_keywords(text[], text[], text[], text[]) to martlet_gateway;
grant execute on function martlet_data.apply_keywords(text[], text[], text[], text[]) to martlet_worker;

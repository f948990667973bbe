-- What a link in a mail does: suppresses the address of the message on its channel, and withdraws the consent of the person. No caller can name
-- another address. Whose link it is the caller has made sure of. Answers whether it changed anything; null: there is no such message any more.
create or replace function martlet_data.unsubscribe(p_message_id bigint, p_scope text) returns boolean
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
    perform martlet_data.hold_from_admit(
        array[martlet_data.opt_out_place(1000000000, v_channel, p_scope), martlet_data.opt_out_place(1400000000, v_channel, p_scope)],
        array[pg_catalog.hashtext(martlet_data.address_key(v_address)), pg_catalog.hashtext(martlet_data.person_key(v_person))]);
    insert into martlet_data.suppressions (channel, address, scope, reason) values (v_channel, v_address, p_scope, 'opt_out_link')
        on conflict (address, channel, scope) where lifted_at is null do nothing;
    v_changed := found;
    insert into martlet_data.consents (recipient_key, channel, purpose, status, method)
        select v_person, v_channel, p_scope, 'withdrawn', 'link'
        from (select c.status from martlet_data.consents c where c.person_key = martlet_data.person_key(v_person) and c.channel = v_channel and c.purpose = p_scope order by c.id desc limit 1) n
        where n.status <> 'withdrawn';
    return v_changed or found;
end $$;

grant execute on function martlet_data.unsubscribe(bigint, text) to martlet_gateway;

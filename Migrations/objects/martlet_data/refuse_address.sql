-- after: martlet_data.read_phone, martlet_data.mailbox_fault, martlet_data.plain_address
-- Says why normalise_address made nothing of it.
create or replace function martlet_data.refuse_address(p_kind text, p_address text, p_country text) returns void
    language plpgsql stable as $$
declare
    v_fault text := case p_kind when 'phone' then (select r.fault from martlet_data.read_phone(p_address, p_country) r)
        when 'email' then martlet_data.mailbox_fault(martlet_data.plain_address('email', p_address))
        else case when p_address ~ '[[:cntrl:]]' then 'has control characters' when length(p_address) > 512 then 'is longer than 512 characters' else 'is empty' end end;
    v_hint text := case p_kind when 'phone' then 'Write it as E.164: +, calling code and number, such as +8613800138000.'
        when 'email' then 'Write one mailbox, such as ann@example.com, without display name.'
        else 'It must be 1 … 512 characters without control characters.' end;
begin
    if v_fault = 'is empty' then
        raise exception 'field recipient: %', case when p_address is null then 'is null' else 'is empty' end using errcode = 'MT003', hint = v_hint;
    end if;
    raise exception 'field recipient: % is not %', coalesce(quote_literal(martlet_data.mask(p_address)), 'null'),
        case p_kind when 'phone' then 'a phone number' when 'email' then 'an e-mail address' else 'a usable address' end || coalesce(': it ' || v_fault, '')
        using errcode = 'MT003', hint = v_hint || case when p_kind = 'phone' and p_country is null then ' Or set default_country of the sender in Config/policy/senders.yaml.' else '' end;
end $$;

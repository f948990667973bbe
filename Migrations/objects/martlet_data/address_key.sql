-- after: martlet_data.unusual_address_key
-- The one key of an address: two spellings of one mailbox or one phone have the same. Compared by it: suppressions, consents, caps, doubles. Never
-- written to. ASCII mailboxes and E.164 go the quick way. Rules: Migrations/README.md, "One person, several spellings".
create or replace function martlet_data.address_key(p_address text) returns text
    language sql immutable parallel safe as $$
    select case when octet_length(p_address) <> length(p_address) then martlet_data.unusual_address_key(p_address)
        when left(p_address, 1) = '+' then case when left(p_address, 3) in ('+52', '+54', '+55', '+22') then martlet_data.unusual_address_key(p_address) else p_address end
        when p_address like '_%@%.%' and not p_address ^@ '@'
            then case when p_address like '%--%' and position('xn--' in lower(p_address)) > 0 then martlet_data.unusual_address_key(p_address) else lower(p_address) end
        when left(p_address, 1) between '1' and '9' or position(':' in p_address) > 0 then martlet_data.unusual_address_key(p_address)
        else p_address end $$;

grant execute on function martlet_data.address_key(text) to martlet_admin, martlet_gateway, martlet_reader, martlet_worker;

-- after: martlet_data.address_key
-- The key of a person: of an address its key, else the caller's own words as they stand ('4711000123' stays a customer's number).
create or replace function martlet_data.person_key(p_recipient_key text) returns text
    language sql immutable parallel safe as $$
    select case when left(p_recipient_key, 1) = '+' or position('@' in p_recipient_key) > 1 then martlet_data.address_key(p_recipient_key) else p_recipient_key end $$;

grant execute on function martlet_data.person_key(text) to martlet_admin, martlet_gateway, martlet_reader, martlet_worker;

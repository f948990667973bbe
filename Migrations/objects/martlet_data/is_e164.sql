-- A plus and 7 to 15 digits, the first not 0: without a regular expression, which costs ten times as much.
create or replace function martlet_data.is_e164(p_address text) returns boolean
    language sql immutable parallel safe as $$
    select left(p_address, 1) = '+' and length(p_address) between 8 and 16 and ltrim(substr(p_address, 2), '0123456789') = '' and substr(p_address, 2, 1) <> '0' $$;

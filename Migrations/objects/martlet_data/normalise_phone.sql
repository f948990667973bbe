-- E.164 from what people write: spaces, dots, dashes, brackets, 00 for +, a national number with the sender's country, and the zero in
-- '+44 (0)20 …' that is dialled at home only. Null: not a number.
create or replace function martlet_data.normalise_phone(p_address text, p_country text) returns text
    language sql immutable parallel safe as $$
    select case when n ~ '^\+[1-9][0-9]{6,14}$' then n end from (
        select case when d like '+%' then d
                    when d like '00%' then '+' || substr(d, 3)
                    when p_country is not null then p_country || regexp_replace(d, '^0', '') end as n
        from (select translate(replace(p_address, '(0)', ''), ' .-()/' || chr(160), '') as d) digits) normal $$;

-- after: martlet_data.read_phone
-- E.164 from what people write; null: not a number, or not certain which.
create or replace function martlet_data.normalise_phone(p_address text, p_country text) returns text
    language sql stable parallel safe as $$ select r.number from martlet_data.read_phone(p_address, p_country) r $$;

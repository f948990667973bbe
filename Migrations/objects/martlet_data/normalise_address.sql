create or replace function martlet_data.normalise_address(p_kind text, p_address text, p_country text) returns text
    language plpgsql immutable parallel safe as $$
begin
    if p_kind = 'phone' then
        if p_address ~ '^\+[1-9][0-9]{6,14}$' then
            return p_address;
        end if;
        return martlet_data.normalise_phone(p_address, p_country);
    elsif p_kind = 'email' then
        -- One mailbox, nothing that could end a header or an SMTP command; the rest is the mail server's to judge.
        if length(p_address) <= 254 and p_address ~ '^[^@[:space:][:cntrl:]<>()\[\],;:"\\]{1,64}@[^@[:space:][:cntrl:]<>()\[\],;:"\\.]+(\.[^@[:space:][:cntrl:]<>()\[\],;:"\\.]+)+$' then
            return substr(p_address, 1, position('@' in p_address)) || lower(substr(p_address, position('@' in p_address) + 1));
        end if;
        return null;
    end if;
    return case when length(p_address) between 1 and 512 and p_address !~ '[[:cntrl:]]' then p_address end;
end $$;

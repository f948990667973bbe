-- after: martlet_data.normalise_phone, martlet_data.plain_address, martlet_data.is_e164
-- The address as it is written to; null: none. Of a mailbox the domain is lowercased and nothing else changed.
create or replace function martlet_data.normalise_address(p_kind text, p_address text, p_country text) returns text
    language plpgsql stable parallel safe as $$
declare
    v_at int;
    v_text text;
begin
    if p_kind = 'phone' then
        if martlet_data.is_e164(p_address) then
            return p_address;
        end if;
        return martlet_data.normalise_phone(p_address, p_country);
    elsif p_kind = 'email' then
        -- One mailbox, nothing that could end a header or an SMTP command. In ASCII: dot-atom @ host name (RFC 5322 3.2.3, RFC 1123 2.1).
        v_at := position('@' in p_address);
        if length(p_address) between v_at + 3 and v_at + 63 and v_at between 2 and 65
            and p_address ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$' then
            return left(p_address, v_at) || lower(substr(p_address, v_at + 1));
        end if;
        v_text := martlet_data.plain_address('email', p_address);
        -- Not by the C library alone: its small İ is an i without its dot, which is another domain (UTS 46).
        return case when martlet_data.mailbox_fault(v_text) is null
            then left(v_text, position('@' in v_text)) || lower(replace(substr(v_text, position('@' in v_text) + 1), U&'\0130', U&'i\0307')) end;
    end if;
    -- Taken as it is, but a phone with + loses what stands between its digits: an opt-out must find it.
    if p_address ~* '^((tel|sms|whatsapp): ?)?[(]?[+][1-9][0-9 ().-]{5,30}$' then
        p_address := translate(p_address, ' ().-', '');
    end if;
    return case when length(p_address) between 1 and 512 and p_address !~ '[[:cntrl:]]' and p_address !~ U&'^[\0020\00A0\200B\200C\200D\2060\FEFF\3000]*$' then p_address end;
end $$;

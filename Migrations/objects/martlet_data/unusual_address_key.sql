-- after: martlet_data.unicode_label
-- address_key of what is not plain: other scripts, punycode, countries whose mobile numbers have two spellings, numbers without +.
create or replace function martlet_data.unusual_address_key(p_address text) returns text
    language plpgsql immutable parallel safe strict as $$
declare
    v_address text := p_address;
    v_at int := position('@' in p_address);
    v_local text;
    v_host text;
begin
    if v_at > 1 then
        v_local := substr(p_address, 1, v_at - 1);
        v_host := translate(substr(p_address, v_at + 1), U&'\3002\FF0E\FF61', '...');
        if octet_length(v_local) <> length(v_local) then
            v_local := normalize(v_local, nfc);
        end if;
        if v_host ~* '(^|\.)xn--' then
            select string_agg(martlet_data.unicode_label(l.label), '.' order by l.n) into v_host from unnest(string_to_array(v_host, '.')) with ordinality l(label, n);
        end if;
        if octet_length(v_host) <> length(v_host) then
            v_host := normalize(v_host, nfkc);
        end if;
        begin
            return lower(v_local collate "und-x-icu") || '@' || lower(v_host collate "und-x-icu");
        exception when undefined_object then -- a server without ICU
            -- Its C library makes a plain i of the Turkish capital.
            return lower(replace(v_local, U&'\0130', U&'i\0307')) || '@' || lower(replace(v_host, U&'\0130', U&'i\0307'));
        end;
    end if;
    if v_address ~* '^(tel|sms|whatsapp):\+?[1-9][0-9]{6,14}$' then
        v_address := '+' || ltrim(substr(v_address, 1 + position(':' in v_address)), '+');
    elsif v_address ~ '^[1-9][0-9]{6,14}$' then
        v_address := '+' || v_address; -- as WhatsApp writes them
    end if;
    return case
        when v_address ~ '^\+521[0-9]{10}$' then '+52' || substr(v_address, 5) -- Mexico: the 1 of calls from abroad, gone since 2019
        when v_address ~ '^\+549[0-9]{10}$' then '+54' || substr(v_address, 5) -- Argentina: the 9 of mobiles
        when v_address ~ '^\+55[1-9][0-9][6-9][0-9]{7}$' then left(v_address, 5) || '9' || substr(v_address, 6) -- Brazil: the ninth digit of mobiles
        when v_address ~ '^\+229[0-9]{8}$' then '+22901' || substr(v_address, 5) -- Benin: ten digits since 2024-11-30
        else v_address end;
end $$;

grant execute on function martlet_data.unusual_address_key(text) to martlet_admin, martlet_gateway, martlet_reader, martlet_worker;

-- after: martlet_data.numbering_plans, martlet_data.plain_address, martlet_data.international_phone
-- E.164 from what people and programs write, or what is wrong with it. What stands with + or 00 is an international number. All else is read by the plan of
-- the sender's country: a mobile number as it stands, a number behind the trunk prefix or behind the calling code or behind both. Only what
-- has exactly one reading is taken (Migrations/README.md, "Phone numbers").
create or replace function martlet_data.read_phone(p_address text, p_country text, out number text, out fault text)
    language plpgsql stable parallel safe as $$
declare
    v_text text := case when p_address ~ '^[0-9 ()-]+$' then btrim(p_address, ' ') else martlet_data.plain_address('phone', p_address) end;
    v_digits text;
    v_plan record;
    v_masks text[];
    v_readings text[];
    v_found text[];
begin
    if coalesce(v_text, '') = '' then
        fault := 'is empty';
    elsif v_text ~* '^[+-]?[0-9]+([.,][0-9]+)?e[+-]?[0-9]+$' then
        fault := 'was turned into a power of ten by a spreadsheet, and digits of it are lost: format the column as text and export it again';
    elsif v_text ~ '[0-9]\.0$|^\+?[0-9]+\.00$' then
        fault := 'ends in .0, so a program took it for an amount: export the column as text';
    elsif v_text ~ '[^0-9+ ().\/-]' then
        fault := 'has characters that are no part of a phone number';
    elsif ltrim(v_text, '( ') ~ '^.+\+' or v_text ~ '[0-9][0-9 .-]{5,}[0-9] */ *[0-9][0-9 .-]{5,}[0-9]' then
        fault := 'is more than one number';
    end if;
    if fault is not null then
        return;
    end if;
    v_digits := translate(v_text, '+ ().-/', '');
    if v_text like '%+%' then
        number := martlet_data.international_phone(v_digits, v_text like '%(0)%', false);
        fault := case when number is null then 'is no international number: behind + stand calling code and number, 7 to 15 digits, the first not 0' end;
    elsif v_digits like '00%' then
        number := martlet_data.international_phone(substr(v_digits, 3), v_text like '%(0)%', true);
        fault := case when number is null then 'is no international number behind its 00' end;
    elsif p_country is null then
        fault := 'has no + and no calling code, and its sender has no default_country';
    else
        select p.* into v_plan from martlet_data.numbering_plans p where starts_with(substr(p_country, 2), p.code);
        if not found then
            fault := format('has no +, and nothing is known about the numbers of %s', p_country);
            return;
        end if;
        v_masks := string_to_array(case v_plan.trunk when '' then concat_ws(' ', v_plan.mobile, nullif(v_plan.other, '')) else v_plan.mobile end, ' ');
        v_readings := array[v_digits, substr(p_country, 2 + length(v_plan.code)) || v_digits]; -- the second: of a country that shares its calling code, +1868
        select array_agg(distinct '+' || v_plan.code || r.rest) into v_found from (
            select unnest(v_readings) as rest where v_readings[1] like any (v_masks) or v_readings[2] like any (v_masks)
            union select substr(v_digits, 1 + length(f.prefix)) from unnest(array[nullif(v_plan.trunk, ''), v_plan.code, v_plan.code || nullif(v_plan.trunk, '')]) f(prefix)
                where starts_with(v_digits, f.prefix)) r
            where r.rest like any (v_masks) or r.rest <> all (v_readings) and r.rest like any (string_to_array(v_plan.other, ' '));
        if cardinality(v_found) = 1 then
            number := v_found[1];
        elsif v_found is null then
            fault := format('is no number of %s, neither as it stands nor behind %s', p_country,
                case when v_plan.trunk = '' then 'the calling code' else v_plan.trunk || ' or the calling code' end);
        else
            fault := format('can be read as %s', array_to_string(v_found, ' and as '));
        end if;
    end if;
end $$;

-- after: martlet_data.numbering_plans
-- E.164 of the digits behind + or 00; null: none. A trunk prefix behind the calling code goes where no number of the country begins with it ('+44 (0)20 …',
-- '+7 8 912 …'), and stays where numbers do (Italy). p_is_strict: digits behind 00, which may be the 0011 of another country: the length must be known. With + what no rule mends stays as it was written.
create or replace function martlet_data.international_phone(p_digits text, p_has_zero_in_brackets boolean, p_is_strict boolean) returns text
    language plpgsql stable parallel safe strict as $$
declare
    v_plan record;
    v_rest text;
    v_short text;
    v_masks text[];
begin
    if p_digits !~ '^[1-9][0-9]{6,16}$' then
        return null;
    end if;
    select p.* into v_plan from martlet_data.numbering_plans p where starts_with(p_digits, p.code);
    if found then
        v_rest := substr(p_digits, 1 + length(v_plan.code));
        v_masks := string_to_array(concat_ws(' ', v_plan.mobile, nullif(v_plan.other, '')), ' ');
        if not v_rest like any (v_masks) then
            -- Behind 00 a 1 1 is no +1 with its trunk prefix, but the beginning of 0011.
            if v_plan.trunk <> '' and starts_with(v_rest, v_plan.trunk) and not (p_is_strict and v_plan.code = '1') then
                v_short := substr(v_rest, 1 + length(v_plan.trunk));
            elsif p_has_zero_in_brackets and not v_plan.has_zero and left(v_rest, 1) = '0' then
                v_short := substr(v_rest, 2);
            end if;
            if v_short like any (v_masks)
                or left(v_short, 1) <> '0' and length(v_short) = any (v_plan.lengths) and (v_plan.trunk = '0' or length(v_rest) <> all (v_plan.lengths)) then
                v_rest := v_short;
            end if;
            if p_is_strict and (left(v_rest, 1) = '0' and not v_plan.has_zero or v_plan.code = '1' and v_rest < '2' or length(v_rest) <> all (v_plan.lengths)) then
                return null;
            end if;
        end if;
        p_digits := v_plan.code || v_rest;
    elsif p_is_strict then
        return null;
    end if;
    return case when length(p_digits) between 7 and 15 then '+' || p_digits end;
end $$;

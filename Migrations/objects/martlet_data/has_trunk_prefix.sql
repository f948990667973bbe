-- Whether a trunk prefix may stand behind the calling code of an international number: a 0; the 8 of Russia, Belarus and Turkmenistan and the 1 of the Marshall
-- Islands where the number is one digit too long. Codes of one and two digits by ITU-T E.164 (list of 2016-12-15); all others have three.
create or replace function martlet_data.has_trunk_prefix(p_address text) returns boolean
    language plpgsql immutable parallel safe strict as $$
begin
    return substr(p_address, case when substr(p_address, 2, 1) in ('1', '7') then 3
            when position(substr(p_address, 2, 2) in '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98') > 0 then 4
            else 5 end, 1) = '0'
        or left(p_address, 3) = '+78' and length(p_address) = 13 or left(p_address, 5) = '+3758' and length(p_address) = 14
        or left(p_address, 5) in ('+9938', '+6921') and length(p_address) in (12, 13);
end $$;

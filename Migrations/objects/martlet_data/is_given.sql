-- Whether a value shows something: not null, no empty list or object, no text of white space and invisible marks. What Variables.isPresent of
-- Sources/Rendering does; a test holds both equal.
create or replace function martlet_data.is_given(p_value jsonb) returns boolean
    language sql immutable parallel safe as $$
    select case jsonb_typeof(p_value) when 'string' then p_value #>> '{}' !~ U&'^[\0001-\0020\0085\00A0\00AD\034F\061C\115F\1160\1680\17B4\17B5\180B-\180F\2000-\200F\2028-\202F\205F-\206F\3000\3164\FE00-\FE0F\FEFF\FFA0\FFF0-\FFF8\+01BCA0-\+01BCA3\+01D173-\+01D17A\+0E0000-\+0E0FFF]*$'
        when 'object' then p_value <> '{}' when 'array' then p_value <> '[]' when 'null' then false else p_value is not null end $$;

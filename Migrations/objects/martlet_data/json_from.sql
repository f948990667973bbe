-- JSON out of a text, with the field's name when it is none or more than jsonb can hold (a number without end, a NUL, half a surrogate pair).
create or replace function martlet_data.json_from(p_field text, p_value text) returns jsonb
    language plpgsql immutable strict as $$
begin
    return p_value::jsonb;
exception
    when data_exception then
        raise exception 'field %: not JSON: %', p_field, sqlerrm using errcode = case p_field when 'variables' then 'MT006' else 'MT010' end, hint = 'Pass a JSON object.';
    when program_limit_exceeded then
        raise exception 'field %: nested too deeply', p_field using errcode = case p_field when 'variables' then 'MT006' else 'MT010' end, hint = 'Pass at most 32 levels.';
end $$;

create or replace function martlet_data.json_from(p_field text, p_value text) returns jsonb
    language plpgsql immutable strict as $$
begin
    return p_value::jsonb;
exception when data_exception then
    raise exception 'field %: not JSON: %', p_field, sqlerrm using errcode = case p_field when 'variables' then 'MT006' else 'MT010' end, hint = 'Pass a JSON object.';
end $$;

create or replace function martlet_data.trimmed(p_value jsonb) returns jsonb
    language plpgsql immutable parallel safe as $$
begin
    return case jsonb_typeof(p_value)
        when 'number' then to_jsonb(trim_scale(p_value::numeric))
        when 'array' then (select coalesce(jsonb_agg(martlet_data.trimmed(e) order by n), '[]') from jsonb_array_elements(p_value) with ordinality a(e, n))
        when 'object' then (select coalesce(jsonb_object_agg(k, martlet_data.trimmed(v)), '{}') from jsonb_each(p_value) o(k, v))
        else p_value end;
end $$;

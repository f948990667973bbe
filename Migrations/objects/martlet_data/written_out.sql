-- An element's JSON as text, once it is known to be none that grows without bound when its numbers are written out.
create or replace function martlet_data.written_out(p_field text, p_element bigint, p_value jsonb, p_limit int) returns text
    language plpgsql immutable as $$
declare
    v_text text := case when pg_column_size(p_value) <= 4096 then p_value::text end;
begin
    if p_value is null or octet_length(v_text) <= 400 or v_text !~ '[0-9]{200}' then
        return v_text;
    end if;
    perform martlet_data.check_json(p_field, p_value, p_limit, format('element %s: ', p_element));
    return p_value::text;
end $$;

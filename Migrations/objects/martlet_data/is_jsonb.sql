-- Whether jsonb can keep a text of JSON: json takes \u0000 and halves of surrogate pairs, jsonb does not.
create or replace function martlet_data.is_jsonb(p_text text) returns boolean
    language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
    perform p_text::jsonb;
    return true;
exception when data_exception then
    return false;
end $$;

-- What a JSON argument may be: an object, at most p_limit bytes as it is stored (numbers written out), 32 levels deep as the renderer reads, and no
-- number of more than 400 digits. PostgreSQL keeps 1e131071 in ten bytes and writes it out as 131,072: the numbers are looked at one by one, before
-- anything is written out. p_place: in front of the error, such as 'element 2: '.
create or replace function martlet_data.check_json(p_field text, p_value jsonb, p_limit int, p_place text default '') returns void
    language plpgsql immutable parallel safe as $$
declare
    v_code text := case p_field when 'variables' then 'MT006' else 'MT010' end;
    v_size bigint := pg_column_size(p_value);
begin
    if p_value is null or jsonb_typeof(p_value) <> 'object' then
        raise exception '%field %: must be a JSON object, not %', p_place, p_field, coalesce(jsonb_typeof(p_value), 'null') using errcode = v_code,
            hint = case p_field when 'variables' then 'Pass {} when the template needs none.' else 'Leave it out if there are none.' end;
    elsif v_size > 6 * p_limit then
        raise exception '%field %: % bytes, the limit is %', p_place, p_field, v_size, p_limit using errcode = v_code,
            hint = 'Pass only what the template shows; put the rest behind a link.';
    elsif jsonb_path_exists(p_value, 'strict $.**{32} ? (@.type() == "object" || @.type() == "array")') then
        raise exception '%field %: more than 32 levels of nesting', p_place, p_field using errcode = v_code, hint = 'Pass only what the template shows, flat.';
    elsif exists (select from jsonb_path_query(p_value, 'strict $.** ? (@.type() == "number")') n where length(n::text) > 400) then
        raise exception '%field %: a number of more than 400 digits, written out', p_place, p_field using errcode = v_code,
            hint = 'Pass it as a text, such as "1e1000", or shorter.';
    elsif octet_length(p_value::text) > p_limit then
        raise exception '%field %: % bytes, the limit is %', p_place, p_field, octet_length(p_value::text), p_limit using errcode = v_code,
            hint = 'Pass only what the template shows; put the rest behind a link.';
    end if;
end $$;

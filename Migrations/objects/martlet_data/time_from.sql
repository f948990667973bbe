-- A time out of JSON, with the field's name when it is none.
create or replace function martlet_data.time_from(p_field text, p_value text) returns timestamptz
    language plpgsql stable strict as $$
begin
    -- Which of them is the day depends on the session's DateStyle.
    if p_value ~ '^ *[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}' then
        raise exception 'field %: % may be two days: which number is the month?', p_field, quote_literal(left(p_value, 64)) using errcode = 'MT007',
            hint = 'Write it as ISO 8601 with a zone, such as 2025-06-01T08:30:00+02:00.';
    end if;
    return p_value::timestamptz;
exception when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value or invalid_time_zone_displacement_value then
    raise exception 'field %: % is not a time', p_field, quote_literal(left(p_value, 64)) using errcode = 'MT007',
        hint = 'Write it as ISO 8601 with a zone, such as 2025-06-01T08:30:00+02:00.';
end $$;

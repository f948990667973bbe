create or replace function martlet_data.check_text(p_field text, p_value text, p_limit int) returns void
    language plpgsql immutable as $$
begin
    if length(p_value) > p_limit or p_value = '' or p_value ~ '[[:cntrl:]]' then
        raise exception 'field %: must be 1 … % characters without control characters', p_field, p_limit
            using errcode = 'MT010', hint = format('Shorten or correct %s, or leave it out.', p_field);
    end if;
end $$;

create or replace function martlet_data.mask(p_address text) returns text
    language sql immutable parallel safe strict as $$
    -- Of a number at least four digits are hidden, of anything else at least one character, however short it is.
    select case when p_address ~ '^\+' then left(p_address, head) || '****' || right(p_address, greatest(0, least(4, length(p_address) - 4 - head)))
                when p_address like '%@%' then left(p_address, greatest(0, least(1, position('@' in p_address) - 2))) || '**' || substr(p_address, position('@' in p_address))
                else left(p_address, least(2, length(p_address) / 3)) || '****' end
    from (select greatest(2, least(6, length(p_address) - 8)) as head) h $$;

grant execute on function martlet_data.mask(text) to martlet_admin, martlet_reader, martlet_worker;

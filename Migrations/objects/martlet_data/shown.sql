create or replace function martlet_data.shown(p_address text) returns text
    language sql stable as $$ select case when pg_has_role(current_user, 'martlet_admin', 'usage') then p_address else martlet_data.mask(p_address) end $$;

grant execute on function martlet_data.shown(text) to martlet_admin, martlet_reader;

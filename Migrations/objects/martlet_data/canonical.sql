-- after: martlet_data.trimmed
-- The same JSON with its numbers as short as they go. Nearly always it is that already: only a fraction that may end in 0 is looked at.
create or replace function martlet_data.canonical(p_value jsonb) returns jsonb
    language sql immutable parallel safe as $$
    select case when p_value::text ~ '\.[0-9]*0([^0-9]|$)' then martlet_data.trimmed(p_value) else p_value end $$;

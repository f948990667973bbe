create or replace function martlet_data.iso_time(p_at timestamptz) returns text
    language sql stable parallel safe as $$ select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

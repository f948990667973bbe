create or replace function martlet_data.position_inbound() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7340011, 1);
    update martlet_data.inbound_events e set position = nextval('martlet_data.inbound_position') where e.inbound_id = new.inbound_id;
    return null;
end $$;

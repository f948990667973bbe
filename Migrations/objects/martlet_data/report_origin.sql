-- Which server, and which table of it: see report_days.origin.
create or replace function martlet_data.report_origin() returns text
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select format('%s %s', (select c.system_identifier from pg_control_system() c), 'martlet_data.report_days'::regclass::oid) $$;

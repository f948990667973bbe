-- Brings the known time zones up to those of the server, which learns and loses some when it is upgraded; answers how many changed.
create or replace function martlet_data.refresh_time_zones() returns int
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    with server as materialized (
        select n.name from pg_catalog.pg_timezone_names n where n.name !~ '^(posix|right)/' and n.name not in ('Factory', 'localtime', 'posixrules')),
    gone as (delete from martlet_data.time_zones z where not exists (select from server s where s.name = z.name collate "C") returning 1),
    come as (insert into martlet_data.time_zones (name) select s.name from server s on conflict do nothing returning 1)
    select ((select count(*) from gone) + (select count(*) from come))::int $$;

grant execute on function martlet_data.refresh_time_zones() to martlet_admin, martlet_worker;

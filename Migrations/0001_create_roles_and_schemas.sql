-- Why: the five roles of the contract and the two schemas. `martlet` is the contract (functions and views); `martlet_data` holds the
--      tables that only Martlet's own binaries touch.
-- Locks: none on user tables. Compatible: yes (first migration).
do $$
declare
    role text;
begin
    -- Roles belong to the whole server: another database's migration may have made them, or be making them right now.
    foreach role in array array['martlet_owner', 'martlet_producer', 'martlet_worker', 'martlet_admin', 'martlet_reader'] loop
        begin
            if not exists (select from pg_roles where rolname = role) then
                execute format('create role %I nologin', role);
            end if;
        exception when duplicate_object or unique_violation then null; -- made by somebody else in between: as wanted
        end;
    end loop;
end $$;

-- JIT compiles for seconds what runs for microseconds: the views join many partitions, which looks expensive on paper.
do $$ begin execute format('alter database %I set jit = off', current_database()); end $$;

create schema martlet authorization martlet_owner;
create schema martlet_data authorization martlet_owner;
revoke all on schema martlet, martlet_data from public;
grant usage on schema martlet to martlet_producer, martlet_worker, martlet_admin, martlet_reader;
grant usage on schema martlet_data to martlet_worker, martlet_admin;
alter default privileges for role martlet_owner revoke execute on functions from public;

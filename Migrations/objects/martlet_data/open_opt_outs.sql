-- What is being opted out of, consented to or cancelled in transactions that have not ended, as the two numbers of each lock in one. Nearly always nothing: then no
-- more than one lock is tried, and given back at once by a subtransaction's end. Two that try at the same instant may each think that there is something, and look.
create or replace function martlet_data.open_opt_outs() returns bigint[]
    language plpgsql volatile as $$
begin
    begin
        if pg_try_advisory_xact_lock(7340009, 0) then
            raise exception 'none is open' using errcode = 'MT902';
        end if;
    exception when sqlstate 'MT902' then
        return '{}';
    end;
    return array(select l.classid::bigint << 32 | l.objid::bigint from pg_catalog.pg_locks l
        where l.locktype = 'advisory' and l.mode = 'ExclusiveLock' and l.granted and l.objsubid = 2
            and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
            and (l.classid between 7340010 and 7340012 or l.classid >= 1000000000));
end $$;

grant execute on function martlet_data.open_opt_outs() to martlet_worker;

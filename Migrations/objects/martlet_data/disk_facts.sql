-- What SQL can see of the disk, by the rights of the caller: log_bytes is null where they may not list the log's folder. SQL does not show the free space.
create or replace function martlet_data.disk_facts(out database_bytes bigint, out log_bytes bigint, out log_most bigint, out archive_fails interval)
    language plpgsql stable as $$
begin
    database_bytes := pg_database_size(current_database());
    -- The privilege is asked for first, because a plan that names the function fails without it.
    if has_function_privilege('pg_ls_waldir()', 'execute') then
        execute 'select coalesce(sum(f.size), 0) from pg_ls_waldir() f' into log_bytes;
    end if;
    log_most := pg_size_bytes(current_setting('max_wal_size')) + pg_size_bytes(current_setting('wal_keep_size'));
    if current_setting('archive_mode') <> 'off' then
        select clock_timestamp() - a.last_failed_time into archive_fails from pg_stat_archiver a
            where a.last_failed_time > coalesce(a.last_archived_time, '-infinity');
    end if;
end $$;

grant execute on function martlet_data.disk_facts() to martlet_admin;

-- Ends a running job: as finished, or as stopped where p_why says so. What may hold a message's text goes. Answers whether it was running.
create or replace function martlet_data.end_job(p_job bigint, p_by text, p_why text) returns boolean
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update martlet_data.jobs j set state = case when p_why is null then 'finished' else 'stopped' end, ended_at = clock_timestamp(), stopped_by = p_by, stop_why = p_why,
            options = case when j.options ? 'variables' then j.options - 'variables' || '{"edited_variables": true}' else j.options end
        where j.id = p_job and j.state = 'running';
    return found;
end $$;

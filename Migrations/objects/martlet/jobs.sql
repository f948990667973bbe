create or replace view martlet.jobs as
    select j.id, j.action, j.state, j.why, j.selection, j.options - 'variables' as options, j.options ?| array['variables', 'edited_variables'] as edited_variables, j.per_second,
        j.messages, j.done, j.skipped, j.messages - j.done - j.skipped as waiting, j.created_at, j.created_by, j.ended_at, j.stopped_by, j.stop_why
    from martlet_data.jobs j;

comment on view martlet.jobs is 'Work on many dead letters, with how far it is. state: running, finished, stopped.';
grant select on martlet.jobs to martlet_admin, martlet_reader;

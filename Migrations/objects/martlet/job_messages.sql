-- What PostgreSQL itself says may quote what a message holds: for admins alone.
create or replace view martlet.job_messages as
    select m.job_id, m.message_id, coalesce(m.result, 'waiting') as result, m.at, m.sqlstate,
        case when m.sqlstate like 'MT%' or pg_has_role(current_user, 'martlet_admin', 'usage') then m.reason when m.reason is not null then 'shown to admins' end as reason, m.hint
    from martlet_data.job_messages m;

comment on view martlet.job_messages is 'The messages of a job, each with its result: waiting, done, skipped and why.';
grant select on martlet.job_messages to martlet_admin, martlet_reader;

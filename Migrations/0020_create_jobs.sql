-- Why: requeueing or discarding thousands of dead letters was the work of one command: when it ended early nothing went on, and nobody could see afterwards what had been
--      done. Now it is a job: a set of messages that is fixed when it begins, a rate, a result for each message. Any worker goes on with it.
-- Locks: none on what exists. Compatible: yes; workers of the version before work on no job.
set local role martlet_owner;

create table martlet_data.jobs (
    id         bigint generated always as identity primary key,
    action     text collate "C" not null check (action in ('requeue', 'discard')),
    why        text collate "C" not null,
    selection  jsonb       not null,
    options    jsonb       not null,
    per_second int         check (per_second between 1 and 100000),
    messages   int         not null,
    done       int         not null default 0,
    skipped    int         not null default 0,
    state      text collate "C" not null default 'running' check (state in ('running', 'stopped', 'finished')),
    created_at timestamptz not null default clock_timestamp(),
    created_by text collate "C" not null default session_user,
    next_at    timestamptz not null default clock_timestamp(),
    ended_at   timestamptz,
    stopped_by text collate "C",
    stop_why   text collate "C",
    check ((state = 'running') = (ended_at is null)),
    check ((state = 'stopped') = (stop_why is not null))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500); -- a row is updated with each batch
create index jobs_next_at on martlet_data.jobs (next_at) where state = 'running';
create index jobs_ended_at on martlet_data.jobs (ended_at) where ended_at is not null;
comment on table martlet_data.jobs is 'Work on many dead letters that any worker goes on with.';
comment on column martlet_data.jobs.selection is 'What was asked for, for people: the filter, or that ids were given.';
comment on column martlet_data.jobs.options is 'Of requeue: variables (until the job has ended), provider, may_duplicate, approve_words.';
comment on column martlet_data.jobs.next_at is 'When the next batch may begin: its rate.';
comment on column martlet_data.jobs.stopped_by is 'Null beside a stop_why: Martlet itself stopped it.';

create table martlet_data.job_messages (
    job_id     bigint   not null references martlet_data.jobs,
    message_id bigint   not null,
    series     smallint,
    result     text collate "C" check (result in ('done', 'skipped')),
    sqlstate   text collate "C",
    reason     text collate "C",
    hint       text collate "C",
    at         timestamptz,
    primary key (job_id, message_id),
    check ((result is null) = (at is null)),
    check ((reason is not null) = (coalesce(result, '') = 'skipped'))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1); -- each row is updated once
create index job_messages_waiting on martlet_data.job_messages (job_id, message_id) where result is null;
comment on table martlet_data.job_messages is 'The messages of a job, fixed when it begins, each with its result.';
comment on column martlet_data.job_messages.series is 'Of the death that was meant: what was requeued since and died again is skipped. Null: it was no dead letter.';

grant delete on martlet_data.jobs, martlet_data.job_messages to martlet_worker;

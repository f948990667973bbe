-- Why: journeys. A person has one row per journey (step, due instant, version); any worker takes the steps that are due, in the transaction that enqueues their
--      messages. What is enqueued are ordinary messages of the queue, with group_key 'journey:<id>'.
-- Locks: none on existing tables. Compatible: yes; workers of the version before take no steps.
set local role martlet_owner;

create table martlet_data.journeys (
    id           int generated always as identity primary key,
    name         text collate "C" not null unique,
    version      int  not null,
    re_entry     text collate "C" not null check (re_entry in ('never', 'after_end', 'always')),
    audience     text collate "C",
    first_step   text collate "C" not null,
    owner        text collate "C" not null default session_user,
    paused_at    timestamptz,
    paused_by    text collate "C",
    pause_reason text
);
comment on column martlet_data.journeys.version is 'The newest: people enter this one, and keep theirs until they are moved.';
comment on column martlet_data.journeys.owner is 'The producer of its messages: the role that applied it first.';

-- What operators wrote, by version.
create table martlet_data.journey_versions (
    journey_id  int  not null references martlet_data.journeys on delete cascade,
    version     int  not null,
    definition  text not null,
    steps       text[] collate "C" not null,
    applied_at  timestamptz not null default clock_timestamp(),
    applied_by  text collate "C" not null default session_user,
    primary key (journey_id, version)
);
comment on column martlet_data.journey_versions.steps is 'Names of the steps, in order.';

-- Which events concern which journeys. Every event looks here once.
create table martlet_data.journey_triggers (
    event       text collate "C" not null,
    kind        text collate "C" not null check (kind in ('goal', 'exit', 'await', 'entry')),
    journey_id  int  not null,
    version     int  not null,
    condition   jsonpath,
    fields      text[] collate "C",
    primary key (event, journey_id, version, kind),
    foreign key (journey_id, version) references martlet_data.journey_versions on delete cascade
);
comment on column martlet_data.journey_triggers.condition is 'Of an entry: what the event''s data must be; null: anything.';
comment on column martlet_data.journey_triggers.fields is 'Of an entry: what the event''s data must have.';

create table martlet_data.journey_people (
    journey_id  int         not null references martlet_data.journeys on delete cascade,
    version     int         not null,
    entry       int         not null default 1,
    due_at      timestamptz,
    until_at    timestamptz,
    entered_at  timestamptz not null default clock_timestamp(),
    ended_at    timestamptz,
    goal_at     timestamptz,
    failures    smallint    not null default 0,
    is_waiting  boolean     not null default false,
    person      text collate "C" not null,
    state       text collate "C" not null default 'in' check (state in ('in', 'done', 'goal', 'exited', 'failed')),
    step        text collate "C" not null,
    awaits      text collate "C",
    looks_at    text collate "C",
    reason      text collate "C",
    arrived     bigint[]    not null default '{}',
    resume_at   timestamptz,
    data        json        not null default '{}',
    primary key (journey_id, person),
    check ((state = 'in') = (due_at is not null)),
    check ((state = 'in') = (ended_at is null))
) with (fillfactor = 80);
create index journey_people_due on martlet_data.journey_people (journey_id, due_at) where due_at is not null;
create index journey_people_person on martlet_data.journey_people (person);
comment on column martlet_data.journey_people.entry is 'How often the person has entered.';
comment on column martlet_data.journey_people.is_waiting is 'Inside the step: it ends at due_at. False: the step has not begun.';
comment on column martlet_data.journey_people.until_at is 'When a wait for an event ends without it.';
comment on column martlet_data.journey_people.arrived is 'Numbers of events that came while it was awaited, and that no step has looked at.';
comment on column martlet_data.journey_people.looks_at is 'The step whose message is looked at when due_at comes.';
comment on column martlet_data.journey_people.resume_at is 'The due instant that a goal has taken away; it comes back when the goal is undone.';
comment on column martlet_data.journey_people.reason is 'Why it ended, or the last error.';

create table martlet_data.journey_messages (
    journey_id  int    not null,
    entry       int    not null,
    person      text collate "C" not null,
    step        text collate "C" not null,
    message_id  bigint,
    reason      text collate "C",
    at          timestamptz not null default clock_timestamp(),
    primary key (journey_id, person, entry, step),
    foreign key (journey_id, person) references martlet_data.journey_people on delete cascade,
    check ((message_id is null) = (reason is not null))
);
comment on column martlet_data.journey_messages.reason is 'Why there is no message.';

-- Workers see when steps are due, and definitions; people and facts reach them only through the functions.
revoke select on martlet_data.journey_people, martlet_data.journey_messages, martlet_data.journey_triggers from martlet_worker;
grant select (journey_id, due_at) on martlet_data.journey_people to martlet_worker;

-- One message of a step on its way into the queue; see martlet_data.take_journey_steps.
create type martlet_data.journey_send as (
    person text, entry int, step text, class text, channel text, address text, template text, variables jsonb, locale text, time_zone text, tier text, sender text,
    pool text, code_as text, class_id smallint, channel_id smallint, lane smallint, time_to_live interval, problem text);

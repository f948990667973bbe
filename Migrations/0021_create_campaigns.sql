-- Why: campaigns. Audiences (lists of people), runs (one execution of a campaign's definition over a frozen audience), their members, the chunks in which members
--      are released, code pools, events. What is released are ordinary messages of the queue, with group_key 'run:<id>'.
-- Locks: none on existing tables. Compatible: yes; workers of the version before release nothing, and do not see that a run is paused.
set local role martlet_owner;

-- Lists of people. A list that is built anew under the same name is another row: runs keep the one they were started with.
create table martlet_data.audiences (
    id          int generated always as identity primary key,
    name        text collate "C" not null,
    owner       text collate "C" not null default session_user,
    query       text,
    state       text collate "C" not null default 'building' check (state in ('building', 'ready', 'replaced')),
    created_at  timestamptz not null default clock_timestamp(),
    changed_at  timestamptz not null default clock_timestamp(),
    checked     bigint not null default 0,
    members     bigint not null default 0,
    rejected    bigint not null default 0
);
create unique index audiences_name on martlet_data.audiences (name) where state = 'ready';
comment on column martlet_data.audiences.checked is 'Rows up to this position have been checked; a run takes only these.';

-- One partition for each list (audience_members_<id>), made by begin_audience with its indexes and dropped as a whole.
create table martlet_data.audience_members (
    audience_id int not null,
    n           bigint generated always as identity,
    line        bigint,
    person      text collate "C",
    sms         text collate "C",
    email       text collate "C",
    addresses   jsonb,
    locale      text collate "C",
    time_zone   text collate "C",
    tier        text collate "C",
    variables   json
) partition by list (audience_id);
comment on column martlet_data.audience_members.n is 'Position: grows, with gaps. Rows are never updated after they were checked.';
comment on column martlet_data.audience_members.addresses is 'By name of an HTTP channel.';

create table martlet_data.audience_rejects (
    audience_id int    not null references martlet_data.audiences on delete cascade,
    n           bigint not null,
    line        bigint,
    field       text collate "C" not null,
    problem     text not null,
    primary key (audience_id, n)
);

-- What operators wrote, by version.
create table martlet_data.campaigns (
    name        text collate "C" not null,
    version     int  not null,
    definition  text not null,
    applied_at  timestamptz not null default clock_timestamp(),
    applied_by  text collate "C" not null default session_user,
    primary key (name, version)
);

create table martlet_data.runs (
    id             int generated always as identity primary key,
    campaign       text collate "C" not null,
    version        int  not null,
    definition     text not null,
    audience_id    int  not null references martlet_data.audiences,
    seed           text collate "C" not null,
    class          text collate "C" not null,
    channel        text collate "C" not null,
    sender         text collate "C",
    variables      json,
    fallback_zone  text collate "C" not null,
    window_from    smallint,
    window_until   smallint,
    missed         text collate "C" not null default 'tomorrow' check (missed in ('tomorrow', 'now', 'skip')),
    pool           text collate "C",
    code_name      text collate "C" not null default 'code',
    goal           text collate "C",
    pace           float8,
    members        bigint not null,
    needs_approval boolean not null default false,
    created_at     timestamptz not null default clock_timestamp(),
    created_by     text collate "C" not null default session_user,
    approved_at    timestamptz,
    approved_by    text collate "C",
    stopped_at     timestamptz,
    stopped_by     text collate "C",
    stop_reason    text,
    is_open        boolean not null default true,
    check ((window_from is null) = (window_until is null) and (window_from = window_until) is not true)
);
create index runs_open on martlet_data.runs (id) where is_open;
create index runs_goal on martlet_data.runs (goal) where goal is not null and stopped_at is null;
comment on column martlet_data.runs.code_name is 'The variable that has the message''s code.';
comment on column martlet_data.runs.is_open is 'Some of its chunks are not released yet.';
comment on column martlet_data.runs.window_from is 'Minutes after the recipient''s midnight; null: at any time.';

create table martlet_data.run_variants (
    run_id     int      not null references martlet_data.runs on delete cascade,
    variant    smallint not null,
    name       text collate "C" not null,
    template   text collate "C",
    share      int      not null check (share between 1 and 10000),
    primary key (run_id, variant)
);
comment on column martlet_data.run_variants.template is 'Null: held out, gets nothing.';

create table martlet_data.run_zones (
    run_id       int      not null references martlet_data.runs on delete cascade,
    zone         smallint not null,
    time_zone    text collate "C" not null,
    is_fallback  boolean  not null,
    first_place  bigint   not null,
    members      bigint   not null,
    primary key (run_id, zone)
);
comment on column martlet_data.run_zones.is_fallback is 'Members without a zone of their own, who get the declared one.';

-- One partition for each run (run_members_<id>), filled and indexed when the run is frozen.
create table martlet_data.run_members (
    run_id      int      not null,
    place       bigint   not null,
    n           bigint   not null,
    message_id  bigint,
    variant     smallint not null,
    state       smallint not null default 0,
    person      text collate "C" not null,
    reason      text collate "C"
) partition by list (run_id);
comment on column martlet_data.run_members.place is 'From 1, by zone: a chunk is a range of places.';
comment on column martlet_data.run_members.n is 'The row of audience_members.';
comment on column martlet_data.run_members.state is '0 waiting, 1 released as message_id, 2 skipped, 3 held out.';

create table martlet_data.run_chunks (
    run_id      int         not null references martlet_data.runs on delete cascade,
    chunk       int         not null,
    zone        smallint    not null,
    first_place bigint      not null,
    last_place  bigint      not null,
    due_at      timestamptz not null,
    released_at timestamptz,
    released    int,
    skipped     int,
    primary key (run_id, chunk),
    check (first_place <= last_place)
);
create index run_chunks_waiting on martlet_data.run_chunks (run_id, due_at) where released_at is null;

-- A run is paused while one of these is not lifted.
create table martlet_data.run_pauses (
    id         bigint generated always as identity primary key,
    run_id     int not null references martlet_data.runs on delete cascade,
    reason     text collate "C" not null check (reason in ('operator', 'guard', 'quota', 'pool_dry', 'refused')),
    why        text,
    paused_at  timestamptz not null default clock_timestamp(),
    paused_by  text collate "C" not null default session_user,
    lifted_at  timestamptz,
    lifted_by  text collate "C"
);
create unique index run_pauses_now on martlet_data.run_pauses (run_id, reason) where lifted_at is null;

create table martlet_data.code_pools (
    name       text collate "C" primary key,
    low_water  bigint not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    created_by text collate "C" not null default session_user
);
create table martlet_data.codes (
    pool        text collate "C" not null references martlet_data.code_pools,
    code        text collate "C" not null,
    n           bigint generated always as identity,
    state       text collate "C" not null default 'free' check (state in ('free', 'reserved', 'held', 'spent')),
    valid_until timestamptz,
    message_id  bigint unique,
    changed_at  timestamptz not null default clock_timestamp(),
    primary key (pool, code),
    check ((state = 'free') = (message_id is null))
);
create index codes_free on martlet_data.codes (pool, n) where state = 'free';
create index codes_open on martlet_data.codes (message_id) where state in ('reserved', 'held');

-- Facts that services tell. Only those with an idempotency key pay for the second index.
create table martlet_data.events (
    id              bigint generated always as identity primary key,
    at              timestamptz not null default clock_timestamp(),
    producer        text collate "C" not null default session_user,
    name            text collate "C" not null,
    person          text collate "C" not null,
    data            json,
    idempotency_key text collate "C"
);
create unique index events_once on martlet_data.events (producer, idempotency_key) where idempotency_key is not null;
create index events_person on martlet_data.events (person, id);
create index events_at on martlet_data.events using brin (at);

-- Goals that people reached, by run; kept so that a goal that is undone finds what it had taken out.
create table martlet_data.run_goals (
    run_id   int    not null references martlet_data.runs on delete cascade,
    place    bigint not null,
    at       timestamptz not null default clock_timestamp(),
    undone_at timestamptz,
    primary key (run_id, place)
);

grant insert on martlet_data.campaigns to martlet_admin;
-- Workers read what Admit and the duties look at; people, codes and facts reach them only as messages.
revoke select on martlet_data.audience_members, martlet_data.audience_rejects, martlet_data.campaigns, martlet_data.codes, martlet_data.events from martlet_worker;
grant select (state) on martlet_data.codes to martlet_worker;

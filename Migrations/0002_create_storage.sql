-- Why: the storage of queue-storage.md: bodies once, thin rings of ready, leased and due rows, attempts and receipts.
-- Locks: none on existing tables. Compatible: yes.
set local role martlet_owner;

-- Policy ------------------------------------------------------------------------------------------------------------------------
create table martlet_data.policies (
    version     int generated always as identity primary key,
    files       jsonb       not null,
    applied_at  timestamptz not null default clock_timestamp(),
    applied_by  text        not null default session_user,
    note        text
);
comment on table martlet_data.policies is 'What the operators wrote, by version; workers read the newest.';

create table martlet_data.lanes (
    lane        smallint primary key check (lane between 0 and 8),
    cursor      regclass not null,
    paused_at   timestamptz,
    paused_by   text,
    pause_reason text
);
comment on column martlet_data.lanes.cursor is 'Sequence whose last value is generation << 12 | slot of the segment that enqueue appends to.';

create table martlet_data.classes (
    id            smallint generated always as identity primary key,
    name          text     not null unique,
    lane          smallint not null references martlet_data.lanes,
    time_to_live  interval not null,
    erases_body   boolean  not null default false,
    retired_at    timestamptz
);
create table martlet_data.channels (
    id            smallint generated always as identity primary key,
    name          text not null unique,
    address_kind  text not null check (address_kind in ('phone', 'email', 'opaque')),
    retired_at    timestamptz
);
insert into martlet_data.channels (name, address_kind) values ('sms', 'phone'), ('email', 'email');

create table martlet_data.senders (
    key              text primary key,
    default_country  text,
    time_zone        text    not null,
    is_default       boolean not null default false,
    retired_at       timestamptz
);
create table martlet_data.templates (
    key        text not null,
    channel    text not null,
    locale     text not null,
    version    int  not null,
    subject    text,
    body       text not null,
    html       text,
    required   text[] not null default '{}',
    pushed_at  timestamptz not null default clock_timestamp(),
    pushed_by  text not null default session_user,
    retired_at timestamptz,
    primary key (key, channel, locale, version)
);
create table martlet_data.time_zones (name text primary key);
-- The only names accepted: PostgreSQL itself would also take 'Beijing+8', with the sign reversed.
insert into martlet_data.time_zones
    select name from pg_catalog.pg_timezone_names
    where name !~ '^(posix|right)/' and name not in ('Factory', 'localtime', 'posixrules');

-- Messages ----------------------------------------------------------------------------------------------------------------------
-- Low 22 bits of an id; also the order within a lane, and (by last_value) the hint that something was enqueued.
create sequence martlet_data.message_seq;

create table martlet_data.messages (
    id             bigint      not null primary key,
    class_id       smallint    not null,
    channel_id     smallint    not null,
    recipient_key  text        not null,
    address        text        not null,
    template       text        not null,
    locale         text,
    sender         text,
    time_zone      text,
    tier           text,
    group_key      text,
    variables      jsonb       not null,
    headers        jsonb,
    traceparent    text,
    producer       text        not null,
    created_at     timestamptz not null,
    expires_at     timestamptz not null
) partition by range (id);
create index messages_recipient_key on martlet_data.messages (recipient_key);
create table martlet_data.messages_default partition of martlet_data.messages default;

create table martlet_data.attempts (
    message_id        bigint      not null,
    attempt           smallint    not null,
    provider          text        not null,
    session           int         not null,
    admitted_at       timestamptz not null,
    send_by           timestamptz not null,
    template_version  int         not null,
    segments          smallint    not null,
    cost_micros       bigint,
    currency          text,
    primary key (message_id, attempt)
) partition by range (message_id);
create table martlet_data.attempts_default partition of martlet_data.attempts default;

create table martlet_data.receipts (
    message_id  bigint      not null,
    at          timestamptz not null default clock_timestamp(),
    kind        text        not null,
    attempt     smallint,
    provider    text,
    code        text,
    detail      text,
    reference   text,
    stale       boolean     not null default false,
    actor       text
) partition by range (message_id);
create index receipts_message_id on martlet_data.receipts (message_id);
create table martlet_data.receipts_default partition of martlet_data.receipts default;
comment on column martlet_data.receipts.stale is 'Evidence of a worker that had lost its lease: kept, but it moved nothing.';

-- Rings: ready (per lane), leased, due. Rows are only inserted and deleted; a segment is given back by TRUNCATE --------------------
create table martlet_data.segments (
    kind        text     not null check (kind in ('ready', 'leased', 'due')),
    lane        smallint not null default 0,
    slot        smallint not null check (slot between 0 and 4095),
    generation  bigint   not null default 0,
    is_free     boolean  not null default true,
    primary key (kind, slot)
);

create table martlet_data.ready (
    slot        smallint not null,
    seq         bigint   not null,
    message_id  bigint   not null,
    attempt     smallint not null default 0,
    burned      smallint not null default 0,
    resends     smallint not null default 0,
    deaths      smallint not null default 0,
    series      smallint not null default 0
) partition by list (slot);
comment on column martlet_data.ready.attempt is 'Number of the last attempt; the next has one more.';
comment on column martlet_data.ready.burned is 'Attempts that counted against the schedule of this series.';
comment on column martlet_data.ready.series is 'Counts requeues; above 0 the newest row of requeues overrides expiry, variables and provider.';

create table martlet_data.leased (
    slot        smallint    not null,
    message_id  bigint      not null,
    lane        smallint    not null,
    attempt     smallint    not null,
    burned      smallint    not null,
    resends     smallint    not null,
    deaths      smallint    not null,
    series      smallint    not null,
    session     int         not null,
    claim       int         not null,
    deadline    timestamptz not null
) partition by list (slot);

create table martlet_data.due (
    slot        smallint    not null,
    due_at      timestamptz not null,
    message_id  bigint      not null,
    lane        smallint    not null,
    attempt     smallint    not null default 0,
    burned      smallint    not null default 0,
    resends     smallint    not null default 0,
    deaths      smallint    not null default 0,
    series      smallint    not null default 0,
    reason      text        not null
) partition by list (slot);

create sequence martlet_data.leased_cursor;
create sequence martlet_data.due_cursor;
do $$
begin
    for lane in 0..8 loop
        execute format('create sequence martlet_data.ready_cursor_%s', lane);
        insert into martlet_data.lanes (lane, cursor)
            values (lane, format('martlet_data.ready_cursor_%s', lane)::regclass);
    end loop;
end $$;

-- Sessions of workers -----------------------------------------------------------------------------------------------------------
create sequence martlet_data.session_seq as int;
create table martlet_data.sessions (
    id          int primary key,
    worker      text        not null,
    host        text        not null,
    pid         int         not null,
    version     text        not null,
    started_at  timestamptz not null default clock_timestamp(),
    beat_at     timestamptz not null default clock_timestamp(),
    in_flight   int         not null default 0,
    is_draining boolean     not null default false,
    fenced_at   timestamptz,
    ended_at    timestamptz
) with (fillfactor = 50); -- beats are HOT updates

-- Who may be written to, and how often -------------------------------------------------------------------------------------------
create table martlet_data.cap_usage (
    recipient_key  text  not null primary key,
    hits           bytea not null
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
comment on table martlet_data.cap_usage is
    'One row per person: 24 bytes for every attempt that counts: message_id int8, at int8 (microseconds since 1970), attempt, class_id, channel_id, 0 int2; big-endian, oldest first.';
create table martlet_data.cap_retention (
    one     boolean  primary key default true check (one),
    longest interval not null default '31 days'
);
insert into martlet_data.cap_retention default values;

create table martlet_data.suppressions (
    id          bigint generated always as identity primary key,
    channel     text not null,
    address     text not null,
    scope       text not null,
    reason      text not null,
    created_at  timestamptz not null default clock_timestamp(),
    created_by  text not null default session_user,
    lifted_at   timestamptz,
    lifted_by   text,
    lift_reason text
);
comment on column martlet_data.suppressions.scope is 'The name of a class, ''all_except_otp'' or ''all''.';
create unique index suppressions_active on martlet_data.suppressions (address, channel, scope) where lifted_at is null;

create table martlet_data.consents (
    id             bigint generated always as identity primary key,
    recipient_key  text not null,
    channel        text not null,
    purpose        text not null,
    status         text not null check (status in ('granted', 'pending', 'withdrawn')),
    method         text not null,
    wording        text,
    recorded_at    timestamptz not null default clock_timestamp(),
    recorded_by    text not null default session_user
);
create index consents_newest on martlet_data.consents (recipient_key, channel, purpose, id desc);

create table martlet_data.cancellations (
    message_id    bigint primary key,
    cancelled_at  timestamptz not null default clock_timestamp(),
    cancelled_by  text not null default session_user
);
create table martlet_data.group_cancellations (
    group_key     text not null,
    producer      text not null,
    cancelled_at  timestamptz not null default clock_timestamp(),
    cancelled_by  text not null default session_user,
    primary key (group_key, producer)
);

-- Duplicates, imports, dead letters, audit ----------------------------------------------------------------------------------------
create table martlet_data.idempotency_keys (
    producer      text        not null,
    key           text        not null,
    request_hash  bytea       not null,
    message_id    bigint      not null,
    created_at    timestamptz not null,
    primary key (producer, key)
);
create index idempotency_keys_created_at on martlet_data.idempotency_keys using brin (created_at);
create table martlet_data.imports (
    producer    text   not null,
    name        text   not null,
    digest      text   not null,
    lines_done  bigint not null default 0,
    enqueued    bigint not null default 0,
    started_at  timestamptz not null default clock_timestamp(),
    advanced_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (producer, name)
);
create table martlet_data.dead_letters (
    message_id     bigint primary key,
    class          text not null,
    channel        text not null,
    recipient_key  text not null,
    address        text not null,
    template       text not null,
    provider       text,
    reason         text not null,
    explanation    text not null,
    remedy         text not null,
    died_at        timestamptz not null default clock_timestamp(),
    lane           smallint not null,
    attempt        smallint not null,
    series         smallint not null,
    message        jsonb not null,
    history        jsonb not null
);
create index dead_letters_died_at on martlet_data.dead_letters (died_at);
create table martlet_data.requeues (
    message_id   bigint      not null,
    series       smallint    not null,
    expires_at   timestamptz not null,
    variables    jsonb,
    provider     text,
    approve_words boolean    not null default false,
    requeued_at  timestamptz not null default clock_timestamp(),
    requeued_by  text        not null default session_user,
    why          text        not null,
    primary key (message_id, series)
);
create table martlet_data.audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default clock_timestamp(),
    actor   text not null default session_user,
    action  text not null,
    object  text not null,
    why     text,
    detail  jsonb
);

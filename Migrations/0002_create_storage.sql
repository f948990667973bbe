-- Why: the storage of queue-storage.md: bodies once, thin rings of ready, leased and due rows, attempts and receipts.
--      Keys and words are compared byte by byte (collate "C"): nobody reads them in alphabetical order, and strcoll costs.
-- Locks: none on existing tables. Compatible: yes.
set local role martlet_owner;

-- Policy ------------------------------------------------------------------------------------------------------------------------
create table martlet_data.policies (
    version     int generated always as identity primary key,
    files       jsonb       not null,
    applied_at  timestamptz not null default clock_timestamp(),
    applied_by  text collate "C"        not null default session_user,
    note        text collate "C"
);
comment on table martlet_data.policies is 'What the operators wrote, by version; workers read the newest.';

create table martlet_data.lanes (
    lane        smallint primary key check (lane between 0 and 8),
    cursor      regclass not null,
    paused_at   timestamptz,
    paused_by   text collate "C",
    pause_reason text collate "C"
);
comment on column martlet_data.lanes.cursor is 'Sequence whose last value is generation << 12 | slot of the segment that enqueue appends to.';

create table martlet_data.classes (
    id            smallint generated always as identity primary key,
    name          text collate "C"     not null unique,
    lane          smallint not null references martlet_data.lanes,
    time_to_live  interval not null,
    erases_body   boolean  not null default false,
    accept_within interval,
    retired_at    timestamptz
);
comment on column martlet_data.classes.accept_within is 'The promise: a provider has accepted it so long after it might be sent. Null: none.';
create table martlet_data.channels (
    id            smallint generated always as identity primary key,
    name          text collate "C" not null unique,
    address_kind  text collate "C" not null check (address_kind in ('phone', 'email', 'opaque')),
    retired_at    timestamptz
);
insert into martlet_data.channels (name, address_kind) values ('sms', 'phone'), ('email', 'email');

create table martlet_data.senders (
    key              text collate "C" primary key,
    default_country  text collate "C",
    time_zone        text collate "C"    not null,
    is_default       boolean not null default false,
    retired_at       timestamptz
);
create table martlet_data.templates (
    key        text collate "C" not null,
    channel    text collate "C" not null,
    locale     text collate "C" not null,
    version    int  not null,
    subject    text collate "C",
    body       text collate "C" not null,
    html       text collate "C",
    required   text[] not null default '{}',
    pushed_at  timestamptz not null default clock_timestamp(),
    pushed_by  text collate "C" not null default session_user,
    retired_at timestamptz,
    primary key (key, channel, locale, version)
);
-- What enqueue must know of a class, a channel and a template, in one row: a lookup instead of a join of four tables, which cost as much as
-- the two inserts. Kept by triggers; these tables change when a policy is applied or a template pushed.
create table martlet_data.enqueue_places (
    template     text collate "C" not null,
    class        text collate "C" not null,
    channel      text collate "C" not null,
    class_id     smallint not null,
    channel_id   smallint not null,
    address_kind text collate "C" not null,
    lane         smallint not null,
    cursor       regclass not null,
    time_to_live interval not null,
    primary key (template, class, channel)
);
create function martlet_data.refresh_enqueue_places() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- One at a time: two that each see only their own change would leave a table that knows half.
    lock table martlet_data.enqueue_places in share row exclusive mode;
    with wanted as materialized (
        select t.key as template, c.name as class, h.name as channel, c.id as class_id, h.id as channel_id, h.address_kind, l.lane, l.cursor, c.time_to_live
        from martlet_data.classes c join martlet_data.lanes l on l.lane = c.lane,
            (select distinct t.key, t.channel from martlet_data.templates t where t.retired_at is null) t
            join martlet_data.channels h on h.name = t.channel and h.retired_at is null
        where c.retired_at is null),
    gone as (
        delete from martlet_data.enqueue_places p where not exists (
            select from wanted w where w.template = p.template and w.class = p.class and w.channel = p.channel))
    insert into martlet_data.enqueue_places select * from wanted
        on conflict (template, class, channel) do update set class_id = excluded.class_id, channel_id = excluded.channel_id, address_kind = excluded.address_kind,
            lane = excluded.lane, cursor = excluded.cursor, time_to_live = excluded.time_to_live
        where enqueue_places is distinct from excluded;
    return null;
end $$;
create trigger refresh_enqueue_places after insert or update or delete or truncate on martlet_data.classes for each statement execute function martlet_data.refresh_enqueue_places();
create trigger refresh_enqueue_places after insert or update or delete or truncate on martlet_data.channels for each statement execute function martlet_data.refresh_enqueue_places();
create trigger refresh_enqueue_places after insert or update or delete or truncate on martlet_data.templates for each statement execute function martlet_data.refresh_enqueue_places();
create table martlet_data.time_zones (name text collate "C" primary key);
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
    recipient_key  text collate "C"        not null,
    address        text collate "C"        not null,
    template       text collate "C"        not null,
    locale         text collate "C",
    sender         text collate "C",
    time_zone      text collate "C",
    tier           text collate "C",
    group_key      text collate "C",
    variables      json        not null,
    headers        jsonb,
    traceparent    text collate "C",
    producer       text collate "C"        not null,
    created_at     timestamptz not null,
    expires_at     timestamptz not null,
    scheduled_at   timestamptz
) partition by range (id);
comment on column martlet_data.messages.scheduled_at is 'Null: at once.';
create index messages_recipient_key on martlet_data.messages (recipient_key);
create table martlet_data.messages_default partition of martlet_data.messages default;

create table martlet_data.attempts (
    message_id        bigint      not null,
    attempt           smallint    not null,
    provider          text collate "C"        not null,
    session           int         not null,
    admitted_at       timestamptz not null,
    send_by           timestamptz not null,
    template_version  int         not null,
    segments          smallint    not null,
    cost_micros       bigint,
    currency          text collate "C",
    primary key (message_id, attempt)
) partition by range (message_id);
create table martlet_data.attempts_default partition of martlet_data.attempts default;

create table martlet_data.receipts (
    message_id  bigint      not null,
    at          timestamptz not null default clock_timestamp(),
    kind        text collate "C"        not null,
    attempt     smallint,
    provider    text collate "C",
    code        text collate "C",
    detail      text collate "C",
    reference   text collate "C",
    stale       boolean     not null default false,
    actor       text collate "C",
    part        smallint
) partition by range (message_id);
create index receipts_message_id on martlet_data.receipts (message_id);
-- What providers say later comes more than once. A test for null is the cheapest there is: all other receipts pass it by.
create unique index receipts_once on martlet_data.receipts (message_id, attempt, kind, part) where part is not null;
create table martlet_data.receipts_default partition of martlet_data.receipts default;
comment on column martlet_data.receipts.stale is 'Evidence of a worker that had lost its lease: kept, but it moved nothing.';
comment on column martlet_data.receipts.part is 'Said by the provider after its answer: 0 about the whole message, else about this part of it. Null: said by Martlet, or the answer itself.';

-- What providers say later --------------------------------------------------------------------------------------------------------
-- Ids that a provider gave to messages (or their parts), where receipts will name them. By the day of their coming: a message may have
-- been enqueued weeks before, and the ids of the last days are where nearly every receipt finds its own.
create table martlet_data.carrier_ids (
    at          timestamptz not null default clock_timestamp(),
    folded      text collate "C"        not null,
    id          text collate "C"        not null,
    provider    text collate "C"        not null,
    recipient   text collate "C"        not null,
    message_id  bigint      not null,
    attempt     smallint    not null,
    part        smallint    not null,
    parts       smallint    not null
) partition by range (at);
create index carrier_ids_folded on martlet_data.carrier_ids (folded);
create table martlet_data.carrier_ids_default partition of martlet_data.carrier_ids default;
comment on column martlet_data.carrier_ids.folded is 'Without case and leading zeros (CarrierID.folded).';
comment on column martlet_data.carrier_ids.parts is 'Receipts to wait for; 1: the receipt speaks for the whole message.';

-- Events that found nothing yet. A row is taken away and put back with its next time.
create table martlet_data.provider_events (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default clock_timestamp(),
    provider    text collate "C"        not null,
    kind        text collate "C"        not null,
    carrier_id  text collate "C",
    recipient   text collate "C",
    payload     jsonb       not null,
    reason      text collate "C"        not null check (reason in ('no_match', 'ambiguous', 'no_outcome', 'no_message', 'unreadable')),
    tries       int         not null default 0,
    next_try    timestamptz
);
create index provider_events_next_try on martlet_data.provider_events (next_try) where next_try is not null;
create index provider_events_at on martlet_data.provider_events (at);
comment on column martlet_data.provider_events.next_try is 'Null: it is not tried again, and goes after some days.';

create table martlet_data.inbound_texts (
    id           bigint generated always as identity primary key,
    at           timestamptz not null default clock_timestamp(),
    provider     text collate "C"        not null,
    sender       text collate "C"        not null,
    recipient    text collate "C"        not null,
    body         text,
    octets       bytea       not null,
    data_coding  smallint    not null,
    reference    int,
    part         smallint    not null default 1,
    parts        smallint    not null default 1,
    first_id     bigint
);
create index inbound_texts_sender on martlet_data.inbound_texts (sender, id);
create index inbound_texts_at on martlet_data.inbound_texts (at);
comment on column martlet_data.inbound_texts.first_id is 'The part of the same text that came first; null: this one.';

-- Rings: ready (per lane), leased, due. Rows are only inserted and deleted; a segment is given back by TRUNCATE --------------------
create table martlet_data.segments (
    kind        text collate "C"     not null check (kind in ('ready', 'leased', 'due')),
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
    reason      text collate "C"        not null
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
    worker      text collate "C"        not null,
    host        text collate "C"        not null,
    pid         int         not null,
    version     text collate "C"        not null,
    started_at  timestamptz not null default clock_timestamp(),
    beat_at     timestamptz not null default clock_timestamp(),
    in_flight   int         not null default 0,
    is_draining boolean     not null default false,
    fenced_at   timestamptz,
    ended_at    timestamptz
) with (fillfactor = 50); -- beats are HOT updates

-- Who may be written to, and how often -------------------------------------------------------------------------------------------
create table martlet_data.cap_usage (
    recipient_key  text collate "C"  not null primary key,
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
    channel     text collate "C" not null,
    address     text collate "C" not null,
    scope       text collate "C" not null,
    reason      text collate "C" not null,
    created_at  timestamptz not null default clock_timestamp(),
    created_by  text collate "C" not null default session_user,
    lifted_at   timestamptz,
    lifted_by   text collate "C",
    lift_reason text collate "C"
);
comment on column martlet_data.suppressions.scope is 'The name of a class, ''all_except_otp'' or ''all''.';
create unique index suppressions_active on martlet_data.suppressions (address, channel, scope) where lifted_at is null;

create table martlet_data.consents (
    id             bigint generated always as identity primary key,
    recipient_key  text collate "C" not null,
    channel        text collate "C" not null,
    purpose        text collate "C" not null,
    status         text collate "C" not null check (status in ('granted', 'pending', 'withdrawn')),
    method         text collate "C" not null,
    wording        text collate "C",
    recorded_at    timestamptz not null default clock_timestamp(),
    recorded_by    text collate "C" not null default session_user
);
create index consents_newest on martlet_data.consents (recipient_key, channel, purpose, id desc);

create table martlet_data.cancellations (
    message_id    bigint primary key,
    cancelled_at  timestamptz not null default clock_timestamp(),
    cancelled_by  text collate "C" not null default session_user
);
create table martlet_data.group_cancellations (
    group_key     text collate "C" not null,
    producer      text collate "C" not null,
    cancelled_at  timestamptz not null default clock_timestamp(),
    cancelled_by  text collate "C" not null default session_user,
    primary key (group_key, producer)
);

-- Duplicates, imports, dead letters, audit ----------------------------------------------------------------------------------------
create table martlet_data.idempotency_keys (
    producer      text collate "C"        not null,
    key           text collate "C"        not null,
    request_hash  bytea       not null,
    message_id    bigint      not null,
    created_at    timestamptz not null,
    primary key (producer, key)
);
create index idempotency_keys_created_at on martlet_data.idempotency_keys using brin (created_at);
create table martlet_data.imports (
    producer    text collate "C"   not null,
    name        text collate "C"   not null,
    digest      text collate "C"   not null,
    lines_done  bigint not null default 0,
    enqueued    bigint not null default 0,
    started_at  timestamptz not null default clock_timestamp(),
    advanced_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (producer, name)
);
create table martlet_data.dead_letters (
    message_id     bigint primary key,
    class          text collate "C" not null,
    channel        text collate "C" not null,
    recipient_key  text collate "C" not null,
    address        text collate "C" not null,
    template       text collate "C" not null,
    provider       text collate "C",
    reason         text collate "C" not null,
    explanation    text collate "C" not null,
    remedy         text collate "C" not null,
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
    provider     text collate "C",
    approve_words boolean    not null default false,
    requeued_at  timestamptz not null default clock_timestamp(),
    requeued_by  text collate "C"        not null default session_user,
    why          text collate "C"        not null,
    primary key (message_id, series)
);
create table martlet_data.audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default clock_timestamp(),
    actor   text collate "C" not null default session_user,
    action  text collate "C" not null,
    object  text collate "C" not null,
    why     text collate "C",
    detail  jsonb
);

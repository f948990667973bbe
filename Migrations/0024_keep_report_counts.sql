-- Why: martlet report read every message of its window: seconds for 200,000, half a minute on a busy machine. Now workers count what has become of
--      messages, a day's partition at a time, beside the queue: nothing that enqueues, sends or records writes more than before.
-- Locks: martlet_data.audit against writers while an index of it is made: a second for a million lines. Compatible: yes; workers of the version before count nothing, and reports read what is not counted.
set local role martlet_owner;

create table martlet_data.report_days (
    day           date        primary key,
    origin        text collate "C" not null,
    asked_at      timestamptz not null,
    next_xid      xid8        not null,
    counted_xid   xid8,
    counted_until timestamptz,
    counted_at    timestamptz,
    inserted      bigint,
    took          interval,
    check ((counted_xid is null) = (counted_until is null))
);
comment on table martlet_data.report_days is 'How far each day''s partitions are counted (count_day). A report reads what came since.';
comment on column martlet_data.report_days.origin is 'Server and table. Numbers of transactions mean nothing elsewhere: what was restored is counted anew.';
comment on column martlet_data.report_days.next_xid is 'Above all transactions that had a number at asked_at: once they have ended, all that was written before is there.';
comment on column martlet_data.report_days.counted_xid is 'Receipts of earlier transactions are counted.';
comment on column martlet_data.report_days.counted_until is 'Messages with earlier ids, and attempts admitted earlier, are counted.';
comment on column martlet_data.report_days.inserted is 'Rows put into the day''s partitions, by PostgreSQL''s counters, before it was counted.';

-- Rows without a provider count messages, the others hand-overs.
create table martlet_data.report_counts (
    slice           timestamptz not null,
    class_id        smallint    not null,
    group_key       text collate "C" not null,
    provider        text collate "C" not null,
    currency        text collate "C" not null,
    messages        bigint      not null,
    accepted        bigint      not null,
    delivered       bigint      not null,
    undelivered     bigint      not null,
    waiting         bigint      not null,
    suppressed      bigint      not null,
    capped          bigint      not null,
    expired         bigint      not null,
    cancelled       bigint      not null,
    dead            bigint      not null,
    clicked         bigint      not null,
    opened          bigint      not null,
    segments        bigint      not null,
    cost_micros     numeric     not null,
    waiting_micros  numeric     not null,
    unpriced        bigint      not null,
    primary key (slice, class_id, group_key, provider, currency)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05); -- the newest rows are updated with each count
comment on column martlet_data.report_counts.slice is 'Five minutes in which the messages were enqueued.';
comment on column martlet_data.report_counts.group_key is 'Empty: none.';
comment on column martlet_data.report_counts.waiting is 'Messages that wait; hand-overs that nobody knows of.';

create table martlet_data.report_dead (message_id bigint primary key);
comment on table martlet_data.report_dead is 'The dead letters that are in report_counts.';

-- Beside it: message show reads what people did to one message, and a bulk job of a million writes a line for each.
create index audit_object on martlet_data.audit (object);

-- What became of the day: every figure from the database. Run with psql -qAtX.
\set QUIET on
set timezone = 'UTC';
create temporary table status as select * from martlet.message_status;
create temporary table facts as select * from martlet.receipts;
create temporary table tries as select a.*, w.worker from martlet.attempts a left join martlet.workers w using (session);
create index on facts (message_id);
analyze status, facts, tries;
create function pg_temp.n(bigint) returns text language sql strict as $$ select to_char($1, 'FM999,999,990') $$;

select format('  Enqueued   %s messages (%s SMS, %s e-mails) to %s recipients in %s time zones',
    pg_temp.n(count(*)), pg_temp.n(count(*) filter (where s.channel = 'sms')), pg_temp.n(count(*) filter (where s.channel = 'email')),
    pg_temp.n(count(distinct s.recipient_key)), (select count(distinct time_zone) from martlet_data.messages)) from status s;
-- Of a CSV file the first line is its header.
select format('             %s: %s records read, %s taken, %s refused', split_part(name, ':', 1), pg_temp.n(records), pg_temp.n(enqueued), pg_temp.n(records - enqueued))
    from (select *, lines_done - (name like '%.csv:%')::int as records from martlet_data.imports) i order by started_at;
-- What SQL callers and the trickle enqueue has keys of its own; the rest came from files.
select format('             by SQL: %s login codes, %s orders at the checkout%s',
    pg_temp.n(count(*) filter (where key like 'login-%')), pg_temp.n(count(*) filter (where key like 'checkout-%')),
    ', ' || pg_temp.n(nullif(count(*) filter (where key like 'trickle-%'), 0)) || ' of the trickle') from martlet_data.idempotency_keys;
select format('             %s of the records taken repeated an earlier request: no second message', pg_temp.n(repeated)) from (
    select (select sum(enqueued) from martlet_data.imports)::bigint - (select count(*) from martlet_data.messages)
        + (select count(*) from martlet_data.idempotency_keys where key ~ '^(login|checkout|trickle)-') as repeated) r where repeated > 0;
\echo
\echo '  What became of them'
select format('    %s  accepted by a provider', lpad(pg_temp.n(count(*)), 8)) from status where state in ('accepted', 'delivered', 'undelivered');
-- What carriers' receipts say of them; sandboxes send none.
select format('              %s delivered, by the receipt of the carrier', lpad(pg_temp.n(count(*)), 6)) from status where state = 'delivered' having count(*) > 0;
select format('              %s undelivered: %s', lpad(pg_temp.n(count(*)), 6), reason) from status where state = 'undelivered' group by reason order by count(*) desc;
select format('              %s without a receipt (%s)', lpad(pg_temp.n(count(*)), 6), string_agg(distinct channel, ', ')) from status where state = 'accepted'
    having count(*) > 0 and exists (select from status where state in ('delivered', 'undelivered'));
select format('    %s  deferred', lpad(pg_temp.n(count(*)), 8)) from status where state = 'due';
select format('              %s %s, next at %s UTC', lpad(pg_temp.n(count(*)), 6),
        case reason when 'quiet_hours' then 'quiet hours of the recipient' when 'cap' then 'frequency cap, until a place is free'
            when 'retry' then 'the provider could not take it, tried again later' when 'resend' then 'answer lost, sent once more'
            when 'throttled' then 'the provider asked for a pause' when 'provider_busy' then 'the provider is at its rate' else reason end,
        to_char(min(until), 'HH24:MI:SS'))
    from status where state = 'due' group by reason order by count(*) desc;
select format('    %s  suppressed', lpad(pg_temp.n(count(*)), 8)) from status where state = 'suppressed';
select format('              %s %s', lpad(pg_temp.n(count(*)), 6),
        case reason when 'no_consent' then 'never agreed to marketing' when 'consent_withdrawn' then 'took the consent back'
            when 'consent_pending' then 'has not confirmed the consent' when 'marketing' then 'opted out of marketing'
            when 'all' then 'address does not exist (learned today)' else 'opted out: ' || coalesce(reason, '') end)
    from status where state = 'suppressed' group by reason order by count(*) desc;
select format('    %s  capped', lpad(pg_temp.n(count(*)), 8)) from status where state = 'capped';
select format('              %s over %s', lpad(pg_temp.n(count(*)), 6), reason) from status where state = 'capped' group by reason order by count(*) desc;
select format('    %s  expired', lpad(pg_temp.n(count(*)), 8)) from status where state = 'expired';
select format('              %s %s', lpad(pg_temp.n(count(*)), 6),
        coalesce(case reason when 'quiet_hours' then 'worthless before the quiet hours end'
            else 'no time left for another try after ' || reason end, 'its time to live was over'))
    from status where state = 'expired' group by reason order by count(*) desc;
select format('    %s  dead letters, for a human to look at', lpad(pg_temp.n(count(*)), 8)) from status where state = 'dead';
select format('              %s %s: %s', lpad(pg_temp.n(count(*)), 6), reason, min(explanation)) from martlet.dead_letters group by reason order by count(*) desc, reason;
select format('    %s  %s', lpad(pg_temp.n(count(*)), 8), state) from status
    where state not in ('accepted', 'delivered', 'undelivered', 'due', 'suppressed', 'capped', 'expired', 'dead') group by state;

\echo
\echo '  By class           enqueued  accepted  deferred  suppressed  capped  expired  dead   enqueue → accepted, p50 and p99 of those never deferred'
with last as (select s.*, f.at as accepted_at, exists (select from facts p where p.message_id = s.message_id and p.kind in ('postponed', 'deferred', 'unknown', 'requeued')) as waited
    from status s left join lateral (select min(at) as at from facts f where f.message_id = s.message_id and f.kind = 'accepted') f on true)
select format('    %s %s %s %s %s %s %s %s   %s', rpad(class, 16), lpad(pg_temp.n(count(*)), 8),
        lpad(pg_temp.n(count(*) filter (where state in ('accepted', 'delivered', 'undelivered'))), 9), lpad(pg_temp.n(count(*) filter (where state = 'due')), 9),
        lpad(pg_temp.n(count(*) filter (where state = 'suppressed')), 11), lpad(pg_temp.n(count(*) filter (where state = 'capped')), 7),
        lpad(pg_temp.n(count(*) filter (where state = 'expired')), 8), lpad(pg_temp.n(count(*) filter (where state = 'dead')), 5),
        coalesce(round((percentile_cont(0.5) within group (order by extract(epoch from accepted_at - created_at)) filter (where not waited))::numeric, 2) || ' s, '
            || round((percentile_cont(0.99) within group (order by extract(epoch from accepted_at - created_at)) filter (where not waited))::numeric, 2) || ' s', '–'))
    from last group by class order by (select min(c.lane) from martlet_data.classes c where c.name = class);

\echo
with accepted as (select at from facts where kind = 'accepted'), seconds as (select date_trunc('second', at) as s, count(*) from accepted group by 1)
select format('  Throughput  %s messages accepted in %s s: %s/s on average, %s/s in the best second',
        pg_temp.n((select count(*) from accepted)), round(extract(epoch from (select max(at) - min(at) from accepted))::numeric, 1),
        pg_temp.n(((select count(*) from accepted) / greatest(extract(epoch from (select max(at) - min(at) from accepted)), 0.001))::bigint),
        pg_temp.n((select max(count) from seconds)));
select format('  Workers     %s', string_agg(format('%s %s attempts', worker, pg_temp.n(n)), ', ' order by worker))
    from (select worker, count(*) as n from tries group by worker) w;
select format('  Cost        %s', string_agg(line, '; ' order by channel desc)) from (
    select s.channel, format('%s %s for %s %s', to_char(sum(a.cost_micros) / 1e6, 'FM999,990.00'), a.currency, pg_temp.n(sum(a.segments)::bigint),
        case s.channel when 'sms' then 'SMS segments' else 'e-mails' end) as line
    from tries a join status s using (message_id) where a.outcome = 'accepted' group by s.channel, a.currency) c;

-- The SQL of the pipeline driven by pgbench, without Martlet: claim, admit with one rolling cap, record; three transactions for 500.
\set claim random(1, 1000000000)
begin;
set local synchronous_commit = off;
with picked as materialized (
    select ctid as tid, message_id from martlet_data.ready_:segment order by seq limit 500 for update skip locked),
gone as (delete from martlet_data.ready_:segment where ctid = any (array(select tid from picked)))
insert into martlet_data.leased_1 (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline)
    select 1, message_id, 3, 0, 0, 0, 0, 0, 0, :claim, clock_timestamp() + interval '60 s' from picked;
commit;
begin;
insert into martlet_data.cap_usage (recipient_key, hits)
    select m.recipient_key, int8send(m.id) || int8send(1) || '\x0001000400010000'::bytea
    from martlet_data.leased_1 l join martlet_data.messages m on m.id = l.message_id where l.claim = :claim order by 1
    on conflict (recipient_key) do update set hits = cap_usage.hits || excluded.hits where length(cap_usage.hits) < 96;
insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
    select message_id, 1, 'null-sms', 0, clock_timestamp(), clock_timestamp(), 1, 1 from martlet_data.leased_1 where claim = :claim;
commit;
begin;
with gone as (delete from martlet_data.leased_1 where claim = :claim returning message_id)
insert into martlet_data.receipts (message_id, kind, attempt, provider, reference) select message_id, 'accepted', 1, 'null-sms', 'raw' from gone;
commit;

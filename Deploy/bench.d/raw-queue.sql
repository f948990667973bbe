-- Claim and record driven by pgbench, without Martlet: two transactions for 500.
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
with gone as (delete from martlet_data.leased_1 where claim = :claim returning message_id)
insert into martlet_data.receipts (message_id, kind, attempt, provider) select message_id, 'accepted', 1, 'load' from gone;
commit;

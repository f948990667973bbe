create or replace view martlet.unmatched_events as
    select e.provider, e.kind, e.reason, count(*) as events, count(*) filter (where e.next_try is not null) as waiting, min(e.at) as oldest, max(e.at) as newest
    from martlet_data.provider_events e group by e.provider, e.kind, e.reason;

comment on view martlet.unmatched_events is 'What providers said about messages that were not found; waiting: is still tried again.';
grant select on martlet.unmatched_events to martlet_admin, martlet_reader;

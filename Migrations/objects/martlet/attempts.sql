create or replace view martlet.attempts as
    select a.message_id, a.attempt, a.provider, a.session, a.admitted_at, a.send_by, a.template_version, a.segments, a.cost_micros, a.currency,
        o.kind as outcome, o.at as answered_at, o.code, o.detail, o.reference
    from martlet_data.attempts a
    left join lateral (select r.* from martlet_data.receipts r
        where r.message_id = a.message_id and r.attempt = a.attempt and r.kind in ('accepted', 'deferred', 'rejected', 'unknown')
        order by (r.kind <> 'unknown') desc, r.at limit 1) o on true;

grant select on martlet.attempts to martlet_admin, martlet_reader;

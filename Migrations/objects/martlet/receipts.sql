create or replace view martlet.receipts as
    select r.message_id, r.at, r.kind, r.attempt, r.provider, r.code, r.detail, r.reference, r.stale, r.actor, nullif(r.part, 0) as part
    from martlet_data.receipts r
    union all
    select a.message_id, a.admitted_at, 'admitted', a.attempt, a.provider, null, null, null, false, null, null from martlet_data.attempts a;

grant select on martlet.receipts to martlet_admin, martlet_reader, martlet_worker;

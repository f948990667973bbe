create or replace view martlet.missing_receipts as
    select r.provider, r.message_id, r.attempt, r.at as accepted_at, r.at + p.receipt_within as missing_since, r.reference
    from martlet_data.receipt_promises p join martlet_data.receipts r on r.provider = p.provider
    where r.kind = 'accepted' and r.message_id >= martlet_data.first_id(now() - interval '8 days') and r.at < now() - p.receipt_within
        and not exists (select from martlet_data.receipts d where d.message_id = r.message_id and d.attempt = r.attempt and d.kind in ('delivered', 'undelivered'));

comment on view martlet.missing_receipts is 'Hand-overs of messages of the last 8 days that the provider accepted and said nothing about within its receipt_within.';
grant select on martlet.missing_receipts to martlet_admin, martlet_reader;

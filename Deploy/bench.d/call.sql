-- One message by the contract, as a service enqueues it: variables of about 150 bytes.
\set n random(1, 1000000000)
select martlet.enqueue('transactional', 'sms', '+86139' || lpad((:n % 100000000)::text, 8, '0'), 'load',
    '{"name": "Customer", "order": "LOAD-1", "amount": "129.90", "url": "https://shop.example/o/1", "note": "packed with care in our own warehouse"}',
    recipient_key => 'load-' || :n, locale => 'en');

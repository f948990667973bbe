-- 5,000 messages by the contract, made up by the server: the fastest way in that goes through martlet.enqueue_rows.
-- Set: n = -1, start = number of the first message, clients = how many run this, recipients.
\set n :n + 1
\set first :start + (:n * :clients + :client_id) * 5000
select cardinality(martlet.enqueue_rows(
    class => array_agg(':class'::text), channel => array_agg(':channel'::text),
    recipient => array_agg(case ':channel' when 'email' then 'load-' || p || '@example.test' else '+86139' || 10000000 + p end),
    template => array_agg('load'::text), locale => array_agg('en'::text), recipient_key => array_agg('load-' || p),
    variables => array_agg('{"name": "Customer ' || p || '", "order": "LOAD-' || n || '", "amount": "129.90", "url": "https://shop.example/o/' || n
        || '", "note": "packed with care in our own warehouse"}')))
    from (select n, n % :recipients as p from generate_series(:first::int8, :first + 4999) n) rows;

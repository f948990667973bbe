-- One event by the contract, which a journey waits for from some of the people.
\set n random(1, :people)
select martlet.event('app.used', 'load-' || :n, '{"screen": "home"}');

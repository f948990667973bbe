create or replace view martlet.code_pools as
    select p.name as pool, count(c.code) as codes, count(*) filter (where c.state = 'free' and (c.valid_until > now()) is not false) as free, count(*) filter (where c.state = 'reserved') as reserved,
        count(*) filter (where c.state = 'held') as held, count(*) filter (where c.state = 'spent') as spent, count(*) filter (where c.state = 'free' and c.valid_until <= now()) as expired
    from martlet_data.code_pools p left join martlet_data.codes c on c.pool = p.name group by p.name;

comment on view martlet.code_pools is 'Codes by pool: free; reserved for a message that is on its way; held, because it is not known whether the message arrived; spent; expired before a person got it. No code is shown.';
grant select on martlet.code_pools to martlet_admin, martlet_reader;

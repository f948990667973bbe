create or replace view martlet.connections as
    select c.provider, s.worker, c.session, count(*) as connections, min(c.taken_at) as since
    from martlet_data.connection_slots c left join martlet_data.sessions s on s.id = c.session group by c.provider, s.worker, c.session;

comment on view martlet.connections is 'Of providers with max_connections: how many connections each worker may have open now.';
grant select on martlet.connections to martlet_admin, martlet_reader;

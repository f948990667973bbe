create or replace view martlet.provider_slo as select * from martlet.provider_slo_since(interval '1 hour');

comment on view martlet.provider_slo is 'By provider: what it accepted of the messages of the last hour, and what it has said about it since.';
grant select on martlet.provider_slo to martlet_admin, martlet_reader;

create or replace view martlet.slo as select * from martlet.slo_since(interval '1 hour');

comment on view martlet.slo is 'By class: messages of the last hour that might be sent by now. held: deferred by hours or caps, or requeued; they are not judged.';
grant select on martlet.slo to martlet_admin, martlet_reader;

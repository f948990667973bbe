create or replace view martlet.audit as select a.id, a.at, a.actor, a.action, a.object, a.why, a.detail from martlet_data.audit a;

grant select on martlet.audit to martlet_admin;

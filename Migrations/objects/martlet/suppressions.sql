create or replace view martlet.suppressions as
    select s.id, s.channel, martlet_data.shown(s.address) as address, s.scope, s.reason, s.created_at, s.created_by, s.lifted_at, s.lifted_by, s.lift_reason
    from martlet_data.suppressions s;

grant select on martlet.suppressions to martlet_admin;

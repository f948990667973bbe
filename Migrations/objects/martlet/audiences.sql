create or replace view martlet.audiences as
    select a.name, a.id as audience_id, a.owner, a.members, a.rejected, a.created_at, a.changed_at, a.query from martlet_data.audiences a where a.state = 'ready';

comment on view martlet.audiences is 'Lists of people. members: after what could not be used and doubles were taken out.';
grant select on martlet.audiences to martlet_admin, martlet_reader;

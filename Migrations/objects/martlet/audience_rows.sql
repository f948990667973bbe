-- For inserts only, into lists that the caller is building. Without a trigger, so that insert … select runs at full speed.
create or replace view martlet.audience_rows as
    select m.audience_id, m.line, m.person, m.sms, m.email, m.addresses, m.locale, m.time_zone, m.tier, m.variables
    from martlet_data.audience_members m
    where m.audience_id in (select a.id from martlet_data.audiences a where a.state = 'building' and a.owner = session_user)
    with check option;

comment on view martlet.audience_rows is 'Insert people here between begin_audience and finish_audience.';
grant insert on martlet.audience_rows to martlet_admin, martlet_producer;

create or replace view martlet.audience_rejects as
    select a.name as audience, r.audience_id, r.line, r.n, r.field, r.problem from martlet_data.audience_rejects r join martlet_data.audiences a on a.id = r.audience_id
    where a.state <> 'replaced' and (a.owner = session_user or pg_has_role(session_user, 'martlet_admin', 'member') or pg_has_role(session_user, 'martlet_reader', 'member'));

comment on view martlet.audience_rejects is 'Rows that a list could not take: line (as it was given), field, what is wrong.';
grant select on martlet.audience_rejects to martlet_admin, martlet_reader, martlet_producer;

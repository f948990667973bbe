-- after: martlet.run_members
create or replace view martlet.run_report as
    select m.run_id, m.variant, m.state, m.reason, count(*) as members, count(m.goal_at) as goals from martlet.run_members m group by m.run_id, m.variant, m.state, m.reason;

comment on view martlet.run_report is 'Members by run, variant, state and reason; they add up to the run''s members. Counted from members and receipts when it is asked: ask by run_id.';
grant select on martlet.run_report to martlet_admin, martlet_reader;

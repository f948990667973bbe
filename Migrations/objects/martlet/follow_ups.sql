create or replace view martlet.follow_ups as
    select f.message_id, f.condition, f.after, f.state, f.why, f.due_at, f.decided_at, f.sent_id, f.class, f.channel, martlet_data.shown(f.address) as address, f.template
    from martlet_data.follow_ups f;

comment on view martlet.follow_ups is 'Messages with a follow-up, and what became of it: open, sent (as sent_id), settled, lapsed, refused; why.';
grant select on martlet.follow_ups to martlet_admin, martlet_reader;

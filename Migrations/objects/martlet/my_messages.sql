-- after: martlet.message_status, martlet.dead_letters
-- What became of the messages that the caller's login role has enqueued. Recipients are not shown: a service knows to whom it wrote.
create or replace view martlet.my_messages with (security_barrier) as
    select s.message_id, s.class, s.channel, s.template, s.group_key, s.created_at, s.expires_at, s.state, s.reason, d.explanation, s.until, s.ended_at
    from martlet.message_status s left join martlet_data.dead_letters d on d.message_id = s.message_id and s.state = 'dead'
    where s.producer = session_user;

comment on view martlet.my_messages is 'What became of the caller''s own messages; ask by message_id: every other question reads all that is kept.';
grant select on martlet.my_messages to martlet_admin, martlet_producer;

create or replace view martlet.survey_answers as
    select distinct on (e.answers) e.answers as message_id, e.answer, e.at as answered_at, e.inbound_id, e.channel, martlet_data.shown(e.address) as address,
        m.group_key, m.template, c.name as class
    from martlet_data.inbound_events e
    left join lateral (select * from martlet_data.messages m where m.id = e.answers offset 0) m on true
    left join martlet_data.classes c on c.id = m.class_id
    where e.answers is not null order by e.answers, e.position desc;

comment on view martlet.survey_answers is 'By message that asked: the newest answer. inbound_events has all of them.';
grant select on martlet.survey_answers to martlet_admin, martlet_reader;

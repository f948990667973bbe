create or replace view martlet.dead_letters as
    select d.message_id, d.class, d.channel, martlet_data.shown(d.recipient_key) as recipient_key, martlet_data.shown(d.address) as address,
        d.template, d.provider, d.reason, d.explanation, d.remedy, d.died_at, d.attempt as attempts, martlet.created_at(d.message_id) as created_at
    from martlet_data.dead_letters d;

grant select on martlet.dead_letters to martlet_admin, martlet_reader;

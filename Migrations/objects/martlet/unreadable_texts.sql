create or replace view martlet.unreadable_texts as
    select i.provider, i.data_coding, count(*) as texts, min(i.at) as oldest, max(i.at) as newest
    from martlet_data.inbound_texts i where i.body is null group by i.provider, i.data_coding;

comment on view martlet.unreadable_texts is 'Texts of people that could not be read, as long as inbound_texts keeps them; inbound_texts has their octets. Somebody may have opted out in one.';
grant select on martlet.unreadable_texts to martlet_admin, martlet_reader;

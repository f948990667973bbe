-- A long text is shown whole once all its parts are there, and until then as far as they are.
create or replace view martlet.inbound_texts as
    select t.first as id, t.at, t.provider, martlet_data.shown(t.sender) as sender, t.recipient, t.body, t.data_coding, t.octets, t.parts, t.parts_here,
        t.parts_here = t.parts as is_complete
    from (select coalesce(i.first_id, i.id) as first, min(i.at) as at, min(i.provider) as provider, min(i.sender) as sender, min(i.recipient) as recipient,
            case when bool_and(i.body is not null) then string_agg(i.body, '' order by i.part) end as body, min(i.data_coding) as data_coding,
            string_agg(i.octets, ''::bytea order by i.part) as octets, min(i.parts) as parts, count(*)::smallint as parts_here
        from martlet_data.inbound_texts i group by coalesce(i.first_id, i.id)) t;

comment on view martlet.inbound_texts is 'What people wrote to our numbers; at least once each. body is null where the octets could not be read (unreadable_texts counts these).';
grant select on martlet.inbound_texts to martlet_admin, martlet_reader;

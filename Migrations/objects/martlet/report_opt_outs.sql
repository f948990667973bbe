-- Of the same messages: how many people opted out or complained within so long after one was accepted, by class. One person opts out of what came last: each
-- address counts once in a class. It looks for the addresses that opted out, and reads the receipts of their messages alone.
create or replace function martlet.report_opt_outs(since timestamptz, group_key text default null, class text default null, opt_out_within interval default '7 days')
        returns table (class_name text, people bigint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = on as $$
#variable_conflict use_column
declare
    v_keys text[] := array(select distinct s.address_key from martlet_data.suppressions s
        where s.reason in ('opt_out', 'opt_out_text', 'opt_out_link', 'complaint') and s.created_at >= report_opt_outs.since);
    v_class smallint := (select c.id from martlet_data.classes c where c.name = report_opt_outs.class);
    v_ids bigint[];
begin
    if v_keys = '{}' then
        return;
    end if;
    -- A statement that is planned with the keys in it looks them up in a hash table.
    execute $q$
        select array_agg(m.id) from martlet_data.messages m
        where m.id >= $1 and ($2::text is null or m.group_key = $2) and ($3::text is null or m.class_id = $4) and martlet_data.address_key(m.address) = any ($5) $q$
        into v_ids using martlet_data.first_id(report_opt_outs.since), report_opt_outs.group_key, report_opt_outs.class, v_class, v_keys;
    return query select k.name, count(distinct (h.name, s.address_key)) from unnest(v_ids) i(id)
        cross join lateral (select m.class_id, m.channel_id, m.address from martlet_data.messages m where m.id = i.id offset 0) m
        cross join lateral (select min(r.at) as at from martlet_data.receipts r where r.message_id = i.id and r.kind in ('accepted', 'delivered', 'undelivered')) a
        join martlet_data.channels h on h.id = m.channel_id join martlet_data.classes k on k.id = m.class_id
        join martlet_data.suppressions s on s.address_key = martlet_data.address_key(m.address) and s.channel = h.name
        where s.reason in ('opt_out', 'opt_out_text', 'opt_out_link', 'complaint') and s.created_at >= a.at and s.created_at < a.at + report_opt_outs.opt_out_within
        group by k.lane, k.name order by k.lane, k.name;
end $$;

grant execute on function martlet.report_opt_outs(timestamp with time zone, text, text, interval) to martlet_admin, martlet_reader;

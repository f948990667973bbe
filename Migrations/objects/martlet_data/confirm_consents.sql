-- The recipients of these messages have said yes: what is still pending of the purpose that the message asked about is granted. Answers for each:
-- granted; again (it was already); nothing (withdrawn meanwhile, or never pending); late; null: it asked for nothing of the kind. Locks first, all
-- in order, those of p_addresses as well, which the caller will need next; every statement after them sees what was committed before.
create or replace function martlet_data.confirm_consents(p_message_ids bigint[], p_method text, p_addresses text[] default '{}') returns text[]
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_results text[] := '{}';
    v_status text;
    s record;
begin
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_agg(k.place), array_agg(k.hash)) from (
        select 7340013 as place, pg_catalog.hashtext(martlet_data.address_key(a)) as hash from unnest(p_addresses) a
        union select 7340013, pg_catalog.hashtext(martlet_data.person_key(m.recipient_key)) from martlet_data.messages m where m.id = any (p_message_ids)
        union select martlet_data.opt_out_place(1400000000, c.name, 'all'), pg_catalog.hashtext(martlet_data.person_key(m.recipient_key))
            from martlet_data.messages m join martlet_data.channels c on c.id = m.channel_id where m.id = any (p_message_ids)) k
        having count(*) > 0;
    for i in 1 .. cardinality(p_message_ids) loop
        select m.recipient_key, x.channel, t.confirms, x.until, format('template %s/%s.%s v%s', x.template, x.locale, x.channel, x.version) as wording into s
            from martlet_data.surveys x
            join martlet_data.templates t on t.key = x.template and t.channel = x.channel and t.locale = x.locale and t.version = x.version
            join martlet_data.messages m on m.id = x.message_id
            where x.message_id = p_message_ids[i] and t.confirms is not null;
        if not found then
            v_results := v_results || null::text;
            continue;
        end if;
        select c.status into v_status from martlet_data.consents c
            where c.person_key = martlet_data.person_key(s.recipient_key) and c.channel = s.channel and c.purpose = s.confirms order by c.id desc limit 1;
        if not found or v_status = 'withdrawn' then
            v_results := v_results || 'nothing'::text;
        elsif v_status = 'granted' then
            v_results := v_results || 'again'::text;
        elsif s.until < clock_timestamp() then
            v_results := v_results || 'late'::text;
        else
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
                values (s.recipient_key, s.channel, s.confirms, 'granted', p_method, s.wording);
            v_results := v_results || 'granted'::text;
        end if;
    end loop;
    return v_results;
end $$;

grant execute on function martlet_data.confirm_consents(bigint[], text, text[]) to martlet_gateway, martlet_worker;

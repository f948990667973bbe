-- after: martlet_data.is_jsonb, martlet_data.members_table, martlet_data.normalise_address, martlet_data.person_key
-- Looks at the rows of a list that were not checked yet. What is written in another way than we keep it is rewritten; what cannot be used and doubles (by
-- person, by address: the row with the first line stays) are taken out and reported with line and field. Set by set: a million rows are one scan and one hash for each question.
create or replace function martlet_data.check_audience(p_id int) returns void
    language plpgsql volatile set search_path = pg_catalog, pg_temp set work_mem = '128MB' as $$
declare
    v_table   text := martlet_data.members_table('audience', p_id);
    v_country text := (select s.default_country from martlet_data.senders s where s.is_default and s.retired_at is null);
    v_checked bigint := (select a.checked from martlet_data.audiences a where a.id = p_id for update);
    v_column  text;
begin
    execute format($q$
        with looked as materialized (
            select m.n, m.line, m.person as old_person, m.sms as old_sms, m.email as old_email, martlet_data.person_key(coalesce(m.person, m.sms, m.email)) as person,
                case when martlet_data.is_e164(m.sms) then m.sms else martlet_data.normalise_address('phone', m.sms, $3) end as sms,
                martlet_data.normalise_address('email', m.email, null) as email,
                case when m.sms is null and m.email is null and m.addresses is null then 'address'
                    when m.time_zone is not null and not exists (select from martlet_data.time_zones z where z.name = m.time_zone) then 'time_zone'
                    when length(m.person) not between 1 and 256 or m.person ~ '[[:cntrl:]]' then 'person'
                    when length(m.locale) not between 1 and 35 or m.locale ~ '[[:cntrl:]]' then 'locale'
                    when length(m.tier) not between 1 and 64 or m.tier ~ '[[:cntrl:]]' then 'tier'
                    when json_typeof(m.variables) <> 'object' or octet_length(m.variables::text) > 16384 or position('\u' in m.variables::text) > 0 and not martlet_data.is_jsonb(m.variables::text) then 'variables'
                    when jsonb_typeof(m.addresses) <> 'object' then 'addresses' end as field
            from %1$s m where m.n > $2 and (
                -- Nearly all rows are usual in every way; only what may not be is looked at one by one.
                martlet_data.person_key(m.person) = m.person and length(m.person) between 1 and 256 and m.person !~ '[[:cntrl:]]'
                and case when m.sms is null then m.email is not null else martlet_data.is_e164(m.sms) end and (m.email is null or m.email ~ '^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+([.-][a-z0-9]+)*\.[a-z]+$')
                and m.addresses is null and (m.time_zone is null or m.time_zone in (select z.name from martlet_data.time_zones z))
                and (m.locale is null or m.locale ~ '^[A-Za-z0-9_-]{1,35}$') and (m.tier is null or m.tier ~ '^[A-Za-z0-9_-]{1,64}$')
                and (m.variables is null or left(m.variables::text, 1) = '{' and octet_length(m.variables::text) <= 16384 and position('\u' in m.variables::text) = 0)) is not true),
        told as (
            insert into martlet_data.audience_rejects (audience_id, n, line, field, problem)
            select $1, l.n, l.line, f.field, case f.field when 'address' then 'has no address: give sms, email or addresses' when 'person' then 'has no person: 1 to 256 characters that name one'
                when 'time_zone' then 'is no time zone: use an IANA name such as Asia/Shanghai' when 'sms' then 'is no phone number: write it as +8613800138000' when 'email' then 'is no mailbox: one, without display name'
                when 'variables' then 'is no JSON object of at most 16 KiB, without \u0000 and halves of surrogate pairs' when 'addresses' then 'is no JSON object of texts by channel' else 'is empty, too long or has control characters' end
            from looked l cross join lateral (select coalesce(l.field, case when l.old_sms is not null and l.sms is null then 'sms' when l.old_email is not null and l.email is null then 'email' when l.person is null then 'person' end) as field) f
            where f.field is not null returning n),
        gone as (delete from %1$s m using told t where m.n = t.n)
        update %1$s m set person = l.person, sms = l.sms, email = l.email from looked l
        where m.n = l.n and m.n > $2 and (l.person, l.sms, l.email) is distinct from (l.old_person, l.old_sms, l.old_email) and l.n not in (select t.n from told t)
        $q$, v_table) using p_id, v_checked, v_country;
    foreach v_column in array array['person', 'sms', 'email'] loop
        execute format($q$
            with twice as materialized (select m.%2$I as value from %1$s m where m.%2$I is not null%3$s group by 1 having count(*) > 1),
            doubles as (select m.n, m.line, first_value(coalesce(m.line, m.n)) over w as first, row_number() over w as k from %1$s m join twice t on t.value = m.%2$I window w as (partition by m.%2$I order by m.n > $2, coalesce(m.line, m.n), m.n)),
            told as (
                insert into martlet_data.audience_rejects (audience_id, n, line, field, problem)
                select $1, d.n, d.line, %2$L, format('is the same as in row %%s: each gets one message', d.first) from doubles d where d.k > 1 returning n)
            delete from %1$s m using told t where m.n = t.n $q$, v_table, v_column,
            case when v_checked = 0 then '' else format(' and m.%1$I in (select y.%1$I from %2$s y where y.n > $2)', v_column, v_table) end) using p_id, v_checked;
    end loop;
    if v_checked = 0 then
        execute format('create unique index on %s (n)', v_table);
        -- Not unique: what is added later is put in first, and doubles are taken out and reported.
        execute format('create index on %s (person)', v_table);
    end if;
    execute format($q$
        update martlet_data.audiences a set checked = coalesce(c.last, a.checked), members = a.members + c.members, changed_at = clock_timestamp(),
            rejected = (select count(*) from martlet_data.audience_rejects r where r.audience_id = a.id)
        from (select max(n) as last, count(*) as members from %s where n > $2) c where a.id = $1 $q$, v_table) using p_id, v_checked;
end $$;

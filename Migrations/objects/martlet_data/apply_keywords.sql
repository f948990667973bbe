-- What people asked for by text, in the order in which they wrote (p_scopes: what is suppressed; null: START); answers for each whether it
-- changed anything. An opt-out also withdraws the consents of the person whose key is the address; START lifts what was an opt-out, never
-- what was suppressed for another reason, and puts back the consents that a text withdrew as they were: it grants nothing that was not
-- granted. Locks first, all in order; every statement after them sees what was committed before.
create or replace function martlet_data.apply_keywords(p_channel text, p_addresses text[], p_scopes text[], p_words text[]) returns boolean[]
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_changed boolean[] := '{}';
    v_rows int;
    v_consents int;
    v_keys text[];
begin
    if cardinality(p_addresses) = 0 then
        return v_changed;
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(b.bucket) from (select distinct martlet_data.bucket(martlet_data.address_key(a)) as bucket from unnest(p_addresses) a order by 1 offset 0) b;
    for i in 1 .. cardinality(p_addresses) loop
        -- A consent may name the phone as WhatsApp does, without +.
        v_keys := array[martlet_data.address_key(p_addresses[i]), ltrim(martlet_data.address_key(p_addresses[i]), '+')];
        if p_scopes[i] is not null then
            insert into martlet_data.suppressions (channel, address, scope, reason) values (p_channel, p_addresses[i], p_scopes[i], 'opt_out_text')
                on conflict (address, channel, scope) where lifted_at is null do nothing;
            get diagnostics v_rows = row_count;
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
                select n.recipient_key, p_channel, n.purpose, 'withdrawn', 'text', p_words[i]
                from (select distinct on (c.person_key, c.purpose) c.recipient_key, c.purpose, c.status from martlet_data.consents c
                    where c.person_key = any (v_keys) and c.channel = p_channel order by c.person_key, c.purpose, c.id desc) n
                where n.status <> 'withdrawn' and (p_scopes[i] in ('all', n.purpose) or p_scopes[i] = 'all_except_otp' and n.purpose <> 'otp');
        else
            update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = 'text: ' || p_words[i]
                where s.address_key = v_keys[1] and s.channel = p_channel and s.reason in ('opt_out', 'opt_out_text') and s.lifted_at is null;
            get diagnostics v_rows = row_count;
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
                select n.recipient_key, p_channel, n.purpose, b.status, 'text', p_words[i]
                from (select distinct on (c.person_key, c.purpose) c.id, c.person_key, c.recipient_key, c.purpose, c.status, c.method from martlet_data.consents c
                    where c.person_key = any (v_keys) and c.channel = p_channel order by c.person_key, c.purpose, c.id desc) n
                cross join lateral (select c.status from martlet_data.consents c
                    where c.person_key = n.person_key and c.channel = p_channel and c.purpose = n.purpose and c.id < n.id order by c.id desc limit 1) b
                where n.status = 'withdrawn' and n.method = 'text' and b.status <> 'withdrawn';
        end if;
        get diagnostics v_consents = row_count;
        v_changed := v_changed || (v_rows + v_consents > 0);
    end loop;
    return v_changed;
end $$;

-- Texts come on more channels than SMS. All locks first, in order: then one after the other as they were written.
create or replace function martlet_data.apply_keywords(p_channels text[], p_addresses text[], p_scopes text[], p_words text[]) returns boolean[]
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_changed boolean[] := '{}';
begin
    perform martlet_data.lock_bucket(b.bucket) from (select distinct martlet_data.bucket(martlet_data.address_key(a)) as bucket from unnest(p_addresses) a order by 1 offset 0) b;
    for i in 1 .. cardinality(p_addresses) loop
        v_changed := v_changed || martlet_data.apply_keywords(p_channels[i], p_addresses[i:i], p_scopes[i:i], p_words[i:i]);
    end loop;
    return v_changed;
end $$;

grant execute on function martlet_data.apply_keywords(text, text[], text[], text[]) to martlet_worker;
grant execute on function martlet_data.apply_keywords(text[], text[], text[], text[]) to martlet_gateway, martlet_worker;

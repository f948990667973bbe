-- One of apply_keywords, under its locks. True: it changed something.
create or replace function martlet_data.apply_keyword(p_channel text, p_address text, p_scope text, p_word text) returns boolean
    language plpgsql volatile as $$
declare
    v_rows int;
    v_consents int;
    -- A consent may name the phone as WhatsApp does, without +.
    v_keys text[] := array[martlet_data.address_key(p_address), ltrim(martlet_data.address_key(p_address), '+')];
begin
    if p_scope is not null then
        insert into martlet_data.suppressions (channel, address, scope, reason) values (p_channel, p_address, p_scope, 'opt_out_text')
            on conflict (address, channel, scope) where lifted_at is null do nothing;
        get diagnostics v_rows = row_count;
        insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
            select n.recipient_key, p_channel, n.purpose, 'withdrawn', 'text', p_word
            from (select distinct on (c.person_key, c.purpose) c.recipient_key, c.purpose, c.status from martlet_data.consents c
                where c.person_key = any (v_keys) and c.channel = p_channel order by c.person_key, c.purpose, c.id desc) n
            where n.status <> 'withdrawn' and (p_scope in ('all', n.purpose) or p_scope = 'all_except_otp' and n.purpose <> 'otp');
    else
        update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = 'text: ' || p_word
            where s.address_key = v_keys[1] and s.channel = p_channel and s.reason in ('opt_out', 'opt_out_text') and s.lifted_at is null;
        get diagnostics v_rows = row_count;
        insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
            select n.recipient_key, p_channel, n.purpose, b.status, 'text', p_word
            from (select distinct on (c.person_key, c.purpose) c.id, c.person_key, c.recipient_key, c.purpose, c.status, c.method from martlet_data.consents c
                where c.person_key = any (v_keys) and c.channel = p_channel order by c.person_key, c.purpose, c.id desc) n
            cross join lateral (select c.status from martlet_data.consents c
                where c.person_key = n.person_key and c.channel = p_channel and c.purpose = n.purpose and c.id < n.id order by c.id desc limit 1) b
            where n.status = 'withdrawn' and n.method = 'text' and b.status <> 'withdrawn';
    end if;
    get diagnostics v_consents = row_count;
    return v_rows + v_consents > 0;
end $$;

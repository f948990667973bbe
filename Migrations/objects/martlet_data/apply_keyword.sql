-- One of apply_keywords, under its locks. True: it changed something.
create or replace function martlet_data.apply_keyword(p_channel text, p_address text, p_scope text, p_word text) returns boolean
    language plpgsql volatile as $$
declare
    v_rows int;
    v_consents int;
begin
    if p_scope is not null then
        insert into martlet_data.suppressions (channel, address, scope, reason) values (p_channel, p_address, p_scope, 'opt_out_text')
            on conflict (address, channel, scope) where lifted_at is null do nothing;
        get diagnostics v_rows = row_count;
        insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
            select p_address, p_channel, n.purpose, 'withdrawn', 'text', p_word
            from (select distinct on (c.purpose) c.purpose, c.status from martlet_data.consents c
                where c.recipient_key = p_address and c.channel = p_channel order by c.purpose, c.id desc) n
            where n.status <> 'withdrawn' and (p_scope in ('all', n.purpose) or p_scope = 'all_except_otp' and n.purpose <> 'otp');
    else
        update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = 'text: ' || p_word
            where s.address = p_address and s.channel = p_channel and s.reason in ('opt_out', 'opt_out_text') and s.lifted_at is null;
        get diagnostics v_rows = row_count;
        insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
            select p_address, p_channel, n.purpose, b.status, 'text', p_word
            from (select distinct on (c.purpose) c.id, c.purpose, c.status, c.method from martlet_data.consents c
                where c.recipient_key = p_address and c.channel = p_channel order by c.purpose, c.id desc) n
            cross join lateral (select c.status from martlet_data.consents c
                where c.recipient_key = p_address and c.channel = p_channel and c.purpose = n.purpose and c.id < n.id order by c.id desc limit 1) b
            where n.status = 'withdrawn' and n.method = 'text' and b.status <> 'withdrawn';
    end if;
    get diagnostics v_consents = row_count;
    return v_rows + v_consents > 0;
end $$;

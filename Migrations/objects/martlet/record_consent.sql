create or replace function martlet.record_consent(recipient_key text, channel text, purpose text, status text, method text, wording text default null) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_id bigint;
begin
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    perform martlet_data.check_text('method', coalesce(method, ''), 256);
    if not exists (select from martlet_data.channels c where c.name = record_consent.channel and c.retired_at is null) then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(channel), 'null') using errcode = 'MT002', hint = (select martlet_data.did_you_mean(channel, array_agg(c.name)) || 'Known channels: ' || string_agg(c.name, ', ' order by c.name) || '.' from martlet_data.channels c
                where c.retired_at is null);
    end if;
    if not exists (select from martlet_data.classes c where c.name = purpose) then
        raise exception 'field purpose: unknown class %', coalesce(quote_literal(purpose), 'null') using errcode = 'MT001', hint = (select martlet_data.did_you_mean(purpose, array_agg(c.name)) from martlet_data.classes c)
                || 'Consent is given for a class of messages, such as marketing.';
    end if;
    if status is null or status not in ('granted', 'pending', 'withdrawn') then
        raise exception 'field status: % is none of granted, pending, withdrawn', coalesce(quote_literal(status), 'null') using errcode = 'MT010', hint = 'pending: until the recipient has confirmed (double opt-in).';
    end if;
    if length(wording) > 4000 then
        raise exception 'field wording: longer than 4000 characters' using errcode = 'MT010', hint = 'Store the exact sentence that was shown, or its version number.';
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array[martlet_data.opt_out_place(1400000000, record_consent.channel, purpose)], array[pg_catalog.hashtext(martlet_data.person_key(recipient_key))]);
    insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording) values (recipient_key, channel, purpose, status, method, wording) returning id into v_id;
    return v_id;
end $$;

grant execute on function martlet.record_consent(text, text, text, text, text, text) to martlet_admin, martlet_producer;

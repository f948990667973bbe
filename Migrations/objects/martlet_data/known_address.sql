create or replace function martlet_data.known_address(p_channel text, p_recipient text) returns text
    language plpgsql stable as $$
declare
    v_kind text;
    v_address text;
    v_country text;
begin
    select c.address_kind into v_kind from martlet_data.channels c where c.name = p_channel and c.retired_at is null;
    if not found then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(p_channel), 'null') using errcode = 'MT002', hint = (select martlet_data.did_you_mean(p_channel, array_agg(c.name)) || 'Known channels: ' || string_agg(c.name, ', ' order by c.name) || '.'
            from martlet_data.channels c where c.retired_at is null);
    end if;
    v_country := (select s.default_country from martlet_data.senders s where s.is_default and s.retired_at is null);
    v_address := martlet_data.normalise_address(v_kind, p_recipient, v_country);
    if v_address is null then
        perform martlet_data.refuse_address(v_kind, p_recipient, v_country);
    end if;
    return v_address;
end $$;

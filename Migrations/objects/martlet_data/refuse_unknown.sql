-- Says which of class, channel and template is not known.
create or replace function martlet_data.refuse_unknown(p_class text, p_channel text, p_template text) returns void
    language plpgsql stable as $$
begin
    if not exists (select from martlet_data.classes c where c.name = p_class and c.retired_at is null) then
        raise exception 'field class: unknown class %', coalesce(quote_literal(p_class), 'null') using errcode = 'MT001',
            hint = 'Known classes: ' || coalesce((select string_agg(c.name, ', ' order by c.name) from martlet_data.classes c where c.retired_at is null), 'none; an operator must run "martlet config apply" first') || '.';
    elsif not exists (select from martlet_data.channels c where c.name = p_channel and c.retired_at is null) then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(p_channel), 'null') using errcode = 'MT002',
            hint = 'Known channels: ' || (select string_agg(c.name, ', ' order by c.name) from martlet_data.channels c where c.retired_at is null) || '.';
    end if;
    raise exception 'field template: there is no template % for channel %', coalesce(quote_literal(p_template), 'null'), p_channel using errcode = 'MT004',
        hint = 'Push it with "martlet templates push", or correct the key.';
end $$;

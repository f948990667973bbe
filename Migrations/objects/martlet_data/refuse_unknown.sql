-- Says which of class, channel and template is not known.
create or replace function martlet_data.refuse_unknown(p_class text, p_channel text, p_template text) returns void
    language plpgsql stable as $$
declare
    v_known text[] := array(select c.name from martlet_data.classes c where c.retired_at is null order by c.name);
begin
    if p_class is null or p_class <> all (v_known) then
        raise exception 'field class: unknown class %', coalesce(quote_literal(p_class), 'null') using errcode = 'MT001',
            hint = martlet_data.did_you_mean(p_class, v_known) || 'Known classes: ' || coalesce(nullif(array_to_string(v_known[:30], ', '), ''), 'none; an operator must run "martlet config apply" first') || '.';
    end if;
    v_known := array(select c.name from martlet_data.channels c where c.retired_at is null order by c.name);
    if p_channel is null or p_channel <> all (v_known) then
        raise exception 'field channel: unknown channel %', coalesce(quote_literal(p_channel), 'null') using errcode = 'MT002',
            hint = martlet_data.did_you_mean(p_channel, v_known) || 'Known channels: ' || array_to_string(v_known[:30], ', ') || '.';
    end if;
    v_known := array(select distinct t.channel from martlet_data.templates t where t.key = p_template and t.retired_at is null order by 1);
    raise exception 'field template: there is no template % for channel %', coalesce(quote_literal(p_template), 'null'), p_channel using errcode = 'MT004',
        hint = case when v_known <> '{}' then format('It has texts for %s. ', array_to_string(v_known, ', '))
            else martlet_data.did_you_mean(p_template, array(select distinct t.key from martlet_data.templates t where t.channel = p_channel and t.retired_at is null)) end
            || 'Push it with "martlet templates push", or correct the key.';
end $$;

-- Refuses a message that no worker could render: its template has no text for its locale, or variables are missing that the text or the class requires. The
-- choice of the text is that of Sources/Rendering/TemplateSet.swift. enqueue calls it only where a cheap look at enqueue_places did not say that all is there.
create or replace function martlet_data.check_template(p_class text, p_channel text, p_template text, p_variables jsonb, p_locale text, p_sender text) returns void
    language plpgsql stable as $$
declare
    v_class    record;
    v_locale   text := nullif(p_locale, '');
    v_found    record;
    v_locales  text[];
    v_required text[];
    v_missing  text[];
begin
    select c.required, c.sender into v_class from martlet_data.classes c where c.name = p_class and c.retired_at is null;
    if v_locale is null then
        select s.default_locale into v_locale from martlet_data.senders s
            where s.retired_at is null and case when coalesce(p_sender, v_class.sender) is null then s.is_default else s.key = coalesce(p_sender, v_class.sender) end;
    end if;
    if v_locale is not null then
        select t.locale, t.required into v_found from unnest(martlet_data.locale_fallbacks(v_locale)) with ordinality f(locale, n)
            join martlet_data.templates t on t.locale = f.locale and t.key = p_template and t.channel = p_channel and t.retired_at is null
            order by f.n, t.version desc limit 1;
        if not found then
            v_locales := array(select distinct t.locale from martlet_data.templates t where t.key = p_template and t.channel = p_channel and t.retired_at is null order by 1);
            raise exception 'field locale: template % has no text on channel % for locale %, and none called default', p_template, p_channel,
                    quote_literal(v_locale) || case when nullif(p_locale, '') is null then ' of its sender' else '' end
                using errcode = 'MT026', hint = format('%sIt has: %s. Pass one of these, push a text for this locale or a default one, or pass check_template => false if it is pushed later.',
                    martlet_data.did_you_mean(v_locale, v_locales), array_to_string(v_locales[:30], ', '));
        end if;
        v_required := v_found.required;
    else
        -- The sender's locale is not known: what every text requires.
        v_required := array(select r.name from (select distinct on (t.locale) t.required from martlet_data.templates t
                where t.key = p_template and t.channel = p_channel and t.retired_at is null order by t.locale, t.version desc) t, unnest(t.required) r(name)
            group by r.name having count(*) = (select count(distinct t.locale) from martlet_data.templates t where t.key = p_template and t.channel = p_channel and t.retired_at is null));
    end if;
    v_missing := array(select distinct r.name from unnest(v_required || v_class.required) r(name)
        where r.name <> 'confirm_url' and not coalesce(martlet_data.is_given(p_variables #> string_to_array(r.name, '.')), false) order by 1);
    if v_missing <> '{}' then
        raise exception 'field variables: % % missing or empty, which %', array_to_string(v_missing[:20], ', '), case cardinality(v_missing) when 1 then 'is' else 'are' end,
                case when v_missing <@ coalesce(v_class.required, '{}') then 'class ' || p_class || ' requires'
                    when v_missing && coalesce(v_class.required, '{}') and not v_missing <@ v_required then 'template ' || p_template || ' and class ' || p_class || ' require'
                    else 'template ' || p_template || ' requires' end
            using errcode = 'MT025', detail = 'Given: ' || coalesce((select string_agg(k, ', ' order by k) from (select k from jsonb_object_keys(p_variables) k order by k limit 20) k), 'none') || '.',
                hint = (select coalesce(string_agg(distinct martlet_data.did_you_mean(k, v_missing), ''), '') from (select k from jsonb_object_keys(p_variables) k
                        where k <> all (v_required || v_class.required) order by k limit 20) k)
                    || 'Pass all of them, or check_template => false if a template that needs fewer is pushed later.';
    end if;
end $$;

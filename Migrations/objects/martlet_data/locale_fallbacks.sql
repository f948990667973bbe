-- Locales to look for, best first: zh-Hant-TW, zh-Hant, zh, default (RFC 4647, section 3.4). What Sources/Rendering/TemplateSet.swift does; a test holds both equal.
create or replace function martlet_data.locale_fallbacks(p_locale text) returns text[]
    language plpgsql immutable parallel safe as $$
declare
    v_parts text[] := '{}';
    v_found text[] := '{}';
    v_part text;
begin
    -- One spelling per locale: ZH_hant_tw → zh-Hant-TW (RFC 5646, section 2.1.1).
    foreach v_part in array array_remove(string_to_array(replace(p_locale, '_', '-'), '-'), '') loop
        v_parts := v_parts || case when v_parts = '{}' then lower(v_part) when octet_length(v_part) = 2 then upper(v_part)
            when octet_length(v_part) = 4 then upper(left(v_part, 1)) || lower(substr(v_part, 2)) else lower(v_part) end;
    end loop;
    while cardinality(v_parts) > 0 loop
        v_found := v_found || array_to_string(v_parts, '-');
        v_parts := v_parts[:cardinality(v_parts) - 1];
        -- A single letter only introduces what followed it.
        if octet_length(v_parts[cardinality(v_parts)]) = 1 then
            v_parts := v_parts[:cardinality(v_parts) - 1];
        end if;
    end loop;
    return case when v_found[cardinality(v_found)] = 'default' then v_found else v_found || 'default'::text end;
end $$;

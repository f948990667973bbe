-- What is wrong with one mailbox, without what stood around it (plain_address); null: nothing. In Unicode as RFC 6531 allows, without invisible marks.
create or replace function martlet_data.mailbox_fault(p_text text) returns text
    language plpgsql immutable parallel safe as $$
declare
    v_at int := position('@' in p_text);
    v_local text := left(p_text, v_at - 1);
    v_host text := substr(p_text, v_at + 1);
begin
    if coalesce(p_text, '') = '' then
        return 'is empty';
    elsif v_at = 0 or position('@' in v_host) > 0 then
        return 'must have exactly one @';
    elsif p_text ~ U&'[\00AD\034F\061C\115F\1160\17B4\17B5\180B-\180E\200B-\200F\202A-\202E\2060-\206F\3164\FE00-\FE0F\FEFF\FFA0\FFF0-\FFFB\+0E0000-\+0E0FFF]' then
        return 'has an invisible character inside';
    elsif p_text ~ U&'[[:space:][:cntrl:]\0080-\00A0\1680\2000-\200A\2028\2029\202F\205F\2800\3000]' then
        return 'has a blank or control character inside';
    elsif p_text ~ U&'[<>()\\[\\],;:"\005C\005C\FF20\FF0E\3002\FF61]' then
        return 'has a character that is not part of one mailbox';
    elsif v_local = '' or octet_length(v_local) > 64 or length(p_text) > 254 then
        return 'is too long, or has nothing in front of the @ (at most 64 bytes there, 254 characters in all)';
    elsif v_local ~ '^\.|\.\.|\.$' then
        return 'has a dot at the beginning or end of the part before the @, or two in a row';
    elsif v_host !~ '^[^.]+(\.[^.]+)+$' then
        return 'needs a whole domain behind the @, with names between its dots';
    elsif v_host ~ '(^|\.)-|-(\.|$)' or v_host ~ '[^.]{64}' then
        return 'has a name in its domain that begins or ends with - or is longer than 63 characters';
    elsif v_host ~ U&'[\0021-\002C\002F\003A-\0040\005B-\005E\0060\007B-\007E]' then
        return 'has a character in its domain that no domain has';
    elsif v_host ~ '\.[0-9]+$' then
        return 'ends in a number instead of a top-level domain';
    end if;
    return null;
end $$;

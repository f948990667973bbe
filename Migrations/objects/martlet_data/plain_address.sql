-- An address without what programs leave around it: blanks and invisible marks at both ends, and the traces of spreadsheets (="…", a quote in front).
-- Within a number also: digits of other scripts and full-width signs become ASCII, invisible marks go.
create or replace function martlet_data.plain_address(p_kind text, p_address text) returns text
    language plpgsql immutable parallel safe strict as $$
declare
    -- Zero-width and joining marks, marks and overrides of direction, byte order mark, soft hyphen, variation selectors.
    c_invisible constant text := U&'\00AD\034F\061C\180E\200B\200C\200D\200E\200F\202A\202B\202C\202D\202E\2060\2061\2062\2063\2064\2066\2067\2068\2069\206A\206B\206C\206D\206E\206F\FE0E\FE0F\FEFF';
    c_blank constant text := U&' \0009\000A\000B\000C\000D\0085\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000';
    v_text text := btrim(p_address, c_blank || c_invisible);
begin
    if v_text ~ '^="[^"]*"$' then
        v_text := btrim(substr(v_text, 3, length(v_text) - 3), c_blank || c_invisible);
    elsif v_text ~ '^"[^"]*"$' then
        v_text := btrim(substr(v_text, 2, length(v_text) - 2), c_blank || c_invisible);
    elsif p_kind = 'phone' and left(v_text, 1) in ('''', U&'\2019') then
        v_text := btrim(substr(v_text, 2), c_blank || c_invisible);
    end if;
    if p_kind = 'phone' then
        v_text := translate(v_text,
            U&'\FF10\FF11\FF12\FF13\FF14\FF15\FF16\FF17\FF18\FF19\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9\0966\0967\0968\0969\096A\096B\096C\096D\096E\096F\09E6\09E7\09E8\09E9\09EA\09EB\09EC\09ED\09EE\09EF'
            || U&'\FF0B\FE62\FF08\FF09\FF0F\FF0E\FF0D\2010\2011\2012\2013\2014\2015\2212\FE63\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\202F\205F\3000' || c_invisible,
            '01234567890123456789012345678901234567890123456789++()/.---------               ');
        v_text := regexp_replace(v_text, '^(tel|sms|whatsapp): ?', '', 'i');
    end if;
    return v_text;
end $$;

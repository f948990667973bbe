-- No control characters. Of what is ASCII the cheap way: JSON escapes them (and quotes; so the dear way says no more than that).
create or replace function martlet_data.is_plain(p_text text) returns boolean
    language sql stable parallel safe as $$
    select case when octet_length(p_text) = length(p_text) and octet_length(to_json(p_text)::text) = length(p_text) + 2 then position(chr(127) in p_text) = 0
        else p_text !~ '[[:cntrl:]]' end $$;

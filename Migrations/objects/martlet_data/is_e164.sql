-- after: martlet_data.has_trunk_prefix
-- A plus and 7 to 15 digits, the first not 0: without a regular expression, which costs ten times as much. False as well for a trunk prefix behind the
-- calling code ('+12': no number begins with +10 or +11): read_phone looks at it. Few words, because each is made ready anew at every call.
create or replace function martlet_data.is_e164(p_address text) returns boolean
    language sql immutable parallel safe as $$
    select p_address >= '+12' collate "C" and p_address < '+:' collate "C" and length(p_address) between 8 and 16 and ltrim(substr(p_address, 2), '0123456789') = ''
        and (position('0' in substr(p_address, 3, 3)) = 0 and left(p_address, 3) not in ('+78', '+37', '+99', '+69') or not martlet_data.has_trunk_prefix(p_address)) $$;

-- Why: one mailbox and one phone have several spellings (letter case, punycode, +52 1, +54 9, Brazil's ninth digit, no +). Suppressions and consents are
--      compared by a key; what was written down keeps its spelling, and rows that are there get their keys here. Caps of two spellings become one row.
-- Locks: suppressions, consents, surveys and cap_usage, exclusively, while they are rewritten (some seconds for a million rows). Compatible: yes.
set local role martlet_owner;

-- A label of a domain in Unicode: 'xn--fsq' is '中' (RFC 3492). What is no punycode stays as it is.
create or replace function martlet_data.unicode_label(p_label text) returns text
    language plpgsql immutable parallel safe strict as $$
declare
    v_input text := lower(substr(p_label, 5));
    v_points int[] := '{}';
    v_n int := 128;
    v_i int := 0;
    v_bias int := 72;
    v_at int := length(v_input) - position('-' in reverse(v_input));
    v_old int;
    v_weight bigint;
    v_k int;
    v_digit int;
    v_t int;
    v_delta int;
    v_count int;
begin
    if p_label !~* '^xn--[a-z0-9-]{1,59}$' then
        return p_label;
    end if;
    if position('-' in v_input) = 0 then
        v_at := 0;
    else
        v_points := array(select ascii(c) from regexp_split_to_table(left(v_input, v_at), '') c where v_at > 0);
        v_at := v_at + 1;
    end if;
    while v_at < length(v_input) loop
        v_old := v_i;
        v_weight := 1;
        v_k := 36;
        loop
            v_at := v_at + 1;
            v_digit := position(substr(v_input, v_at, 1) in 'abcdefghijklmnopqrstuvwxyz0123456789') - 1;
            if v_at > length(v_input) or v_digit < 0 or v_i + v_digit * v_weight > 1000000000 then
                return p_label;
            end if;
            v_i := v_i + v_digit * v_weight;
            v_t := greatest(1, least(26, v_k - v_bias));
            exit when v_digit < v_t;
            v_weight := v_weight * (36 - v_t);
            v_k := v_k + 36;
        end loop;
        v_count := cardinality(v_points) + 1;
        v_delta := case when v_old = 0 then (v_i - v_old) / 700 else (v_i - v_old) / 2 end;
        v_delta := v_delta + v_delta / v_count;
        v_k := 0;
        while v_delta > 455 loop
            v_delta := v_delta / 35;
            v_k := v_k + 36;
        end loop;
        v_bias := v_k + 36 * v_delta / (v_delta + 38);
        v_n := v_n + v_i / v_count;
        v_i := v_i % v_count;
        if v_n > 1114111 or v_n < 128 or v_n between 55296 and 57343 then
            return p_label;
        end if;
        v_points := v_points[1:v_i] || v_n || v_points[v_i + 1:];
        v_i := v_i + 1;
    end loop;
    -- A label that hides ASCII, or a dot behind compatibility characters, is no domain, and must not share a key with one.
    return coalesce((select d.text from (select string_agg(chr(p), '' order by n) as text, max(p) as highest from unnest(v_points) with ordinality u(p, n)) d
        where d.highest > 127 and d.text = normalize(d.text, nfkc)), p_label);
end $$;

grant execute on function martlet_data.unicode_label(text) to martlet_admin, martlet_gateway, martlet_reader, martlet_worker;

-- address_key of what is not plain: other scripts, punycode, countries whose mobile numbers have two spellings, numbers without +.
create or replace function martlet_data.unusual_address_key(p_address text) returns text
    language plpgsql immutable parallel safe strict as $$
declare
    v_address text := p_address;
    v_at int := position('@' in p_address);
    v_local text;
    v_host text;
begin
    if v_at > 1 then
        v_local := substr(p_address, 1, v_at - 1);
        v_host := translate(substr(p_address, v_at + 1), U&'\3002\FF0E\FF61', '...');
        if octet_length(v_local) <> length(v_local) then
            v_local := normalize(v_local, nfc);
        end if;
        if v_host ~* '(^|\.)xn--' then
            select string_agg(martlet_data.unicode_label(l.label), '.' order by l.n) into v_host from unnest(string_to_array(v_host, '.')) with ordinality l(label, n);
        end if;
        if octet_length(v_host) <> length(v_host) then
            v_host := normalize(v_host, nfkc);
        end if;
        begin
            return lower(v_local collate "und-x-icu") || '@' || lower(v_host collate "und-x-icu");
        exception when undefined_object then -- a server without ICU
            return lower(v_local) || '@' || lower(v_host);
        end;
    end if;
    if v_address ~* '^(tel|sms|whatsapp):\+?[1-9][0-9]{6,14}$' then
        v_address := '+' || ltrim(substr(v_address, 1 + position(':' in v_address)), '+');
    elsif v_address ~ '^[1-9][0-9]{6,14}$' then
        v_address := '+' || v_address; -- as WhatsApp writes them
    end if;
    return case
        when v_address ~ '^\+521[0-9]{10}$' then '+52' || substr(v_address, 5) -- Mexico: the 1 of calls from abroad, gone since 2019
        when v_address ~ '^\+549[0-9]{10}$' then '+54' || substr(v_address, 5) -- Argentina: the 9 of mobiles
        when v_address ~ '^\+55[1-9][0-9][6-9][0-9]{7}$' then left(v_address, 5) || '9' || substr(v_address, 6) -- Brazil: the ninth digit of mobiles
        when v_address ~ '^\+229[0-9]{8}$' then '+22901' || substr(v_address, 5) -- Benin: ten digits since 2024-11-30
        else v_address end;
end $$;

grant execute on function martlet_data.unusual_address_key(text) to martlet_admin, martlet_gateway, martlet_reader, martlet_worker;

-- The one key of an address: two spellings of one mailbox or one phone have the same. Compared by it: suppressions, consents, caps, doubles. Never
-- written to. ASCII mailboxes and E.164 go the quick way. Rules: Migrations/README.md, "One person, several spellings".
create or replace function martlet_data.address_key(p_address text) returns text
    language sql immutable parallel safe as $$
    select case when octet_length(p_address) <> length(p_address) then martlet_data.unusual_address_key(p_address)
        when left(p_address, 1) = '+' then case when left(p_address, 3) in ('+52', '+54', '+55', '+22') then martlet_data.unusual_address_key(p_address) else p_address end
        when position('.' in substr(p_address, greatest(position('@' in p_address), 1))) > 0 and position('@' in p_address) > 1
            then case when position('xn--' in lower(p_address)) > 0 then martlet_data.unusual_address_key(p_address) else lower(p_address) end
        when left(p_address, 1) between '1' and '9' or position(':' in p_address) > 0 then martlet_data.unusual_address_key(p_address)
        else p_address end $$;

grant execute on function martlet_data.address_key(text) to martlet_admin, martlet_gateway, martlet_reader, martlet_worker;

-- The key of a person: of an address its key, else the caller's own words as they stand ('4711000123' stays a customer's number).
create or replace function martlet_data.person_key(p_recipient_key text) returns text
    language sql immutable parallel safe as $$
    select case when left(p_recipient_key, 1) = '+' or position('@' in p_recipient_key) > 1 then martlet_data.address_key(p_recipient_key) else p_recipient_key end $$;

grant execute on function martlet_data.person_key(text) to martlet_admin, martlet_gateway, martlet_reader, martlet_worker;

alter table martlet_data.suppressions add column address_key text collate "C" generated always as (martlet_data.address_key(address)) stored;
comment on column martlet_data.suppressions.address_key is 'What addresses are compared by; after a change of address_key the column must be made anew.';
create index suppressions_key on martlet_data.suppressions (address_key, channel) where lifted_at is null;

alter table martlet_data.consents add column person_key text collate "C" generated always as (martlet_data.person_key(recipient_key)) stored;
create index consents_person on martlet_data.consents (person_key, channel, purpose, id desc);

alter table martlet_data.surveys add column address_key text collate "C" generated always as (martlet_data.address_key(address)) stored;
create index surveys_key on martlet_data.surveys (address_key, channel, opened_at);

-- Hits of one person under several spellings, oldest first, as CapLedger writes them.
with spelt as (
    delete from martlet_data.cap_usage c using (select martlet_data.person_key(u.recipient_key) as key from martlet_data.cap_usage u
        where martlet_data.person_key(u.recipient_key) <> u.recipient_key) k
    where c.recipient_key = k.key or martlet_data.person_key(c.recipient_key) = k.key
    returning c.recipient_key, c.hits)
insert into martlet_data.cap_usage (recipient_key, hits)
    select martlet_data.person_key(s.recipient_key), string_agg(substr(s.hits, h.n * 24 + 1, 24), ''::bytea order by substr(s.hits, h.n * 24 + 9, 8), substr(s.hits, h.n * 24 + 1, 8))
    from spelt s, generate_series(0, length(s.hits) / 24 - 1) h(n) group by 1;

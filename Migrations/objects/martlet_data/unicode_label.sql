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

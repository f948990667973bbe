-- 'Did you mean order-confirmed? ' when one of the known words is at most two edits away (one for short words; a swap of neighbours is one), else ''. The same
-- rule as Sources/Settings/Suggestion.swift. Only for errors: it looks at all of them, at most 5,000.
create or replace function martlet_data.did_you_mean(p_word text, p_known text[]) returns text
    language plpgsql immutable parallel safe as $$
declare
    v_word text := coalesce(lower(replace(left(p_word, 64), '-', '_')), '');
    v_reach int := case when length(p_word) <= 4 then 1 else 2 end;
    v_best text;
    v_least int := v_reach + 1;
    v_known text;
    v_other text;
    v_before int[];
    v_last int[];
    v_row int[];
    v_cost int;
begin
    for v_known in select k from unnest(p_known[:5000]) k where abs(length(k) - length(v_word)) <= v_reach order by k loop
        v_other := lower(replace(v_known, '-', '_'));
        v_last := array(select generate_series(0, length(v_other)));
        v_before := v_last;
        for i in 1 .. length(v_word) loop
            v_row := array[i];
            for j in 1 .. length(v_other) loop
                v_cost := least(v_last[j] + (substr(v_word, i, 1) <> substr(v_other, j, 1))::int, v_last[j + 1] + 1, v_row[j] + 1);
                if i > 1 and j > 1 and substr(v_word, i, 1) = substr(v_other, j - 1, 1) and substr(v_word, i - 1, 1) = substr(v_other, j, 1) then
                    v_cost := least(v_cost, v_before[j - 1] + 1);
                end if;
                v_row := v_row || v_cost;
            end loop;
            v_before := v_last;
            v_last := v_row;
        end loop;
        if v_last[length(v_other) + 1] < v_least then
            v_least := v_last[length(v_other) + 1];
            v_best := v_known;
        end if;
    end loop;
    return coalesce('Did you mean ' || v_best || '? ', '');
end $$;

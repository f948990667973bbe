-- Measures levels for all workers (Maintenance/Levels.swift); answers how long it took, in seconds.
create or replace function martlet_data.measure_levels(p_span interval) returns float8
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_began timestamptz := clock_timestamp();
    v_took  float8;
begin
    delete from martlet_data.levels;
    -- Each kind by itself: what cannot be measured is missing, and keeps no other from being measured.
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'class', s.class, f.figure, f.value from martlet.slo_since(p_span) s cross join lateral (values
            ('within_share', s.within_share::float8), ('accepted_share', s.accepted_share::float8), ('overdue', s.overdue::float8),
            ('oldest_waiting_seconds', coalesce(extract(epoch from s.oldest_waiting)::float8, 0)), ('peak_delay_seconds', extract(epoch from s.peak_delay)::float8)) f(figure, value)
        where f.value is not null;
    exception when data_exception then raise warning 'levels of classes cannot be measured: %', sqlerrm;
    end;
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'provider', s.provider, f.figure, f.value from martlet.provider_slo_since(p_span) s cross join lateral (values
            ('delivered_share', s.delivered_share::float8), ('reported_share', s.reported_share::float8), ('reports', (s.delivered + s.undelivered)::float8)) f(figure, value)
        where f.value is not null;
    exception when data_exception then raise warning 'levels of providers cannot be measured: %', sqlerrm;
    end;
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'provider', m.provider, f.figure, f.value from martlet.missing_receipts_since(p_span) m cross join lateral (values
            ('missing_receipts', m.missing::float8), ('missing_receipts_share', m.missing::float8 / nullif(m.accepted, 0))) f(figure, value)
        where f.value is not null;
    exception when data_exception then raise warning 'missing receipts cannot be measured: %', sqlerrm;
    end;
    begin
        insert into martlet_data.levels (kind, name, figure, value)
        select 'budget', b.name || ' ' || b.unit, f.figure, f.value from martlet.budgets b cross join lateral (values
            ('used', b.used::float8), ('limit', b.limit_amount::float8)) f(figure, value)
        where b.group_key is null;
    exception when data_exception then raise warning 'budgets cannot be measured: %', sqlerrm;
    end;
    v_took := extract(epoch from clock_timestamp() - v_began);
    insert into martlet_data.levels (kind, name, figure, value)
        values ('measure', '', 'span_seconds', extract(epoch from p_span)), ('measure', '', 'took_seconds', v_took);
    return v_took;
end $$;

grant execute on function martlet_data.measure_levels(interval) to martlet_worker;

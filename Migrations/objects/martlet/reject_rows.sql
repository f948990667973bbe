-- Lines of a file that are no people, told beside those that the server rejects. A line is told once.
create or replace function martlet.reject_rows(audience_id int, lines bigint[], fields text[], problems text[]) returns void
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    if not exists (select from martlet_data.audiences a where a.id = audience_id and a.state = 'building' and a.owner = session_user) then
        raise exception 'field audience_id: list % is not being built by %', audience_id, session_user using errcode = 'MT020', hint = 'Pass the number that begin_audience answered, before finish_audience.';
    elsif exists (select from unnest(lines, fields, problems) u(line, field, problem) where u.line is null or u.line < 1 or u.field is null or length(u.field) > 256 or u.problem is null or length(u.problem) > 1000) then
        raise exception 'field lines: each line needs a number from 1, a field and a problem' using errcode = 'MT021', hint = 'Pass three arrays of the same length; a field has at most 256 characters, a problem 1000.';
    end if;
    -- Rows that the server rejects have positions from 1.
    insert into martlet_data.audience_rejects (audience_id, n, line, field, problem)
        select audience_id, -u.line, u.line, u.field, u.problem from unnest(lines, fields, problems) u(line, field, problem) on conflict do nothing;
end $$;

comment on function martlet.reject_rows is 'Tells lines of a file that could not be read as people; they are in martlet.audience_rejects with those that finish_audience takes out.';
grant execute on function martlet.reject_rows(int, bigint[], text[], text[]) to martlet_admin, martlet_producer;

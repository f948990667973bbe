-- after: martlet_data.members_table
-- A new list, to be filled through martlet.audience_rows by the role that began it. Until finish_audience it is not visible, and a list of the same name stays.
create or replace function martlet.begin_audience(name text, query text default null) returns int
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_id int;
begin
    if name is null or name !~ '^[a-z0-9][a-z0-9_-]{0,62}$' then
        raise exception 'field name: % is no name of an audience', coalesce(quote_literal(name), 'null') using errcode = 'MT020',
            hint = 'Use lower-case letters, digits, - and _, a letter or digit first, at most 63 characters.';
    elsif exists (select from martlet_data.audiences a where a.name = begin_audience.name and a.state = 'ready' and a.owner <> session_user) and not martlet_data.is_admin() then
        raise exception 'field name: audience % belongs to %', quote_literal(name), (select a.owner from martlet_data.audiences a where a.name = begin_audience.name and a.state = 'ready') using errcode = 'MT020',
            hint = 'Choose another name, or let an admin build it.';
    end if;
    insert into martlet_data.audiences (name, query) values (name, query) returning id into v_id;
    execute format('create table %s (like martlet_data.audience_members including defaults including comments including storage)', martlet_data.members_table('audience', v_id));
    execute format('alter table martlet_data.audience_members attach partition %s for values in (%s)', martlet_data.members_table('audience', v_id), v_id);
    execute format('revoke all on %s from martlet_worker', martlet_data.members_table('audience', v_id));
    return v_id;
end $$;

comment on function martlet.begin_audience is 'Begins a list of people; insert into martlet.audience_rows with the number that it answers, then call martlet.finish_audience.';
grant execute on function martlet.begin_audience(text, text) to martlet_admin, martlet_producer;

-- The partition of an audience's or a run's members, from numbers of ours only: no caller names a relation.
create or replace function martlet_data.members_table(p_kind text, p_id int) returns text
    language sql immutable parallel safe strict as $$
    select 'martlet_data.' || case p_kind when 'audience' then 'audience_members_' when 'run' then 'run_members_' end || p_id $$;

-- after: martlet_data.reach_goal, martlet_data.reach_journey_goal
create or replace function martlet.goal(name text, recipient_key text) returns int
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform martlet_data.check_text('name', coalesce(name, ''), 64);
    perform martlet_data.check_text('recipient_key', coalesce(recipient_key, ''), 256);
    return martlet_data.reach_goal(name, recipient_key) + martlet_data.reach_journey_goal(name, recipient_key);
end $$;

comment on function martlet.goal is 'The person has done what the messages were for: from the commit on no message of a run or journey with this goal is admitted for them. Answers in how many that ended something.';
grant execute on function martlet.goal(text, text) to martlet_admin, martlet_producer;

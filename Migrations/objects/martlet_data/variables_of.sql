-- The variables of a message that count now: those of its newest requeue that had some, else its own; {} once they were erased. Of a dead letter whose message is
-- gone, those that it kept.
create or replace function martlet_data.variables_of(p_message bigint) returns jsonb
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce((select q.variables from martlet_data.requeues q where q.message_id = p_message and q.variables is not null order by q.series desc limit 1),
        (select m.variables::jsonb from martlet_data.messages m where m.id = p_message), (select d.message -> 'variables' from martlet_data.dead_letters d where d.message_id = p_message), '{}') $$;

grant execute on function martlet_data.variables_of(bigint) to martlet_admin;

create or replace function martlet.created_at(p_message_id bigint) returns timestamptz
    language sql stable parallel safe as $$ select to_timestamp(((p_message_id >> 22) + 1735689600000) / 1000.0) $$;

grant execute on function martlet.created_at(bigint) to martlet_admin, martlet_producer, martlet_reader, martlet_worker;

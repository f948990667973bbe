-- Ids given under a number stay what they are: links, unsubscribe tokens and receipts name them for months. So a number other than 0 stays once ids carry it.
create or replace function martlet.set_cluster(number int, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_now record;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    if (number between 0 and 63) is not true then
        raise exception 'field number: % is no number of a cluster', coalesce(number::text, 'null') using errcode = 'MT016', hint = 'Use 0 … 63; each cluster has one of its own.';
    end if;
    perform martlet_data.commit_durably();
    select c.number, c.since_seq into v_now from martlet_data.cluster c for update;
    if v_now.number = number then
        return;
    elsif v_now.number <> 0 and coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0) <> v_now.since_seq then
        raise exception 'field number: this is cluster %, and ids carry that number', v_now.number using errcode = 'MT016',
            hint = 'A cluster keeps its number: links and receipts find its messages by it. Set up a new database for another one.';
    end if;
    update martlet_data.cluster c set number = set_cluster.number, since_id = coalesce(c.since_id, martlet_data.first_id(clock_timestamp())),
        since_seq = coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0), set_at = clock_timestamp(), set_by = session_user;
    insert into martlet_data.audit (action, object, why, detail) values ('set_cluster', number::text, why, jsonb_build_object('before', v_now.number));
end $$;

comment on function martlet.set_cluster is 'Gives this cluster its number, 0 … 63: once, before other clusters exist.';
grant execute on function martlet.set_cluster(integer, text) to martlet_admin;

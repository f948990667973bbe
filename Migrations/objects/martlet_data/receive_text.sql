-- Keeps a text as keep_inbound does; when it is whole it is an event. p_answers: the message that it answers, p_answer: how.
create or replace function martlet_data.receive_text(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint,
        p_reference int, p_part smallint, p_parts smallint, p_channel text, p_address text, p_keyword text, p_answers bigint, p_answer text) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_id bigint;
    v_first bigint;
    v_event martlet_data.inbound_events;
begin
    v_id := martlet_data.keep_inbound(p_provider, p_sender, p_recipient, p_body, p_octets, p_data_coding, p_reference, p_part, p_parts);
    v_first := v_id;
    if p_parts > 1 then
        select coalesce(i.first_id, i.id) into v_first from martlet_data.inbound_texts i where i.id = v_id;
        if (select count(*) from martlet_data.inbound_texts i where i.id = v_first or i.first_id = v_first) < p_parts then
            return v_id;
        end if;
    end if;
    insert into martlet_data.inbound_events (inbound_id, channel, address, keyword, answers, answer)
        values (v_first, p_channel, p_address, p_keyword, p_answers, p_answer) on conflict (inbound_id) do nothing returning * into v_event;
    if found then
        perform martlet_data.publish_inbound(v_event);
    end if;
    return v_id;
end $$;

grant execute on function martlet_data.receive_text(text, text, text, text, bytea, smallint, integer, smallint, smallint, text, text, text, bigint, text) to martlet_gateway, martlet_worker;

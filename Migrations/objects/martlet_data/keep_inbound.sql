-- Keeps a text from a phone and answers its id. Texts come at least once: a carrier repeats what it has no answer to, and nothing tells a
-- repeated "yes" from a second one. Of a long text a part that is there already is not kept again; parts belong together when phones,
-- reference and number of parts are the same and they came within a day.
create or replace function martlet_data.keep_inbound(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint,
        p_reference int, p_part smallint, p_parts smallint) returns bigint
    language plpgsql volatile as $$
declare
    v_first bigint;
    v_id bigint;
begin
    if p_parts > 1 then
        -- Two parts in two transactions must see each other. Callers bring their texts in the order of these locks.
        perform pg_advisory_xact_lock(7340006, hashtext(p_sender) & 255);
        select coalesce(t.first_id, t.id) into v_first from martlet_data.inbound_texts t
            where t.sender = p_sender and t.recipient = p_recipient and t.provider = p_provider and t.reference = p_reference and t.parts = p_parts
                and t.at > clock_timestamp() - interval '1 day' order by t.id desc limit 1;
        select t.id into v_id from martlet_data.inbound_texts t
            where t.sender = p_sender and coalesce(t.first_id, t.id) = v_first and t.part = p_part and t.octets = p_octets;
        if found then
            return v_id;
        elsif exists (select from martlet_data.inbound_texts t where t.sender = p_sender and coalesce(t.first_id, t.id) = v_first and t.part = p_part) then
            v_first := null; -- the reference was used again
        end if;
    end if;
    insert into martlet_data.inbound_texts (provider, sender, recipient, body, octets, data_coding, reference, part, parts, first_id)
        values (p_provider, p_sender, p_recipient, p_body, p_octets, p_data_coding, p_reference, p_part, p_parts, v_first) returning id into v_id;
    return v_id;
end $$;

grant execute on function martlet_data.keep_inbound(text, text, text, text, bytea, smallint, integer, smallint, smallint) to martlet_admin, martlet_gateway, martlet_worker;

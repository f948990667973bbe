-- Before 0021 it had no check_template.
drop function if exists martlet.follow_up(bigint, text, text, text, interval, text, text, jsonb, text, text);
create or replace function martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval default null, template text default null,
        class text default null, variables jsonb default null, locale text default null, sender text default null,
        check_template boolean default true) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
    m martlet_data.messages;
    v_after interval := coalesce(after, case when condition = 'undelivered' then interval '72 hours' else interval '1 hour' end);
    v_class text;
    v_kind text;
    v_address text;
    v_country text;
    v_erases boolean;
    v_hash bytea;
    v_seen bytea;
begin
    if condition is null or condition not in ('undelivered', 'not_delivered', 'not_opened', 'not_clicked') then
        raise exception 'field condition: % is none of undelivered, not_delivered, not_opened, not_clicked', coalesce(quote_literal(condition), 'null') using errcode = 'MT015',
            hint = 'undelivered: as soon as it has failed; the others also when nothing of the kind is heard within "after" of its acceptance.';
    elsif v_after < interval '1 second' or v_after > interval '14 days' then
        raise exception 'field after: % is not between 1 second and 14 days', v_after using errcode = 'MT015', hint = 'It counts from when the provider accepts the message.';
    end if;
    select * into m from martlet_data.messages n where n.id = follow_up.message_id and (n.producer = session_user or martlet_data.is_admin());
    if not found then
        raise exception 'message % does not exist, or another producer enqueued it', message_id using errcode = 'MT012', hint = 'Pass the id that enqueue returned, with the role that enqueued it.';
    end if;
    if variables is not null then
        perform martlet_data.check_json('variables', variables, 65536);
    end if;
    -- By value, as in request_hash: the text of an interval depends on the session's IntervalStyle.
    v_hash := '\x01'::bytea || sha256(convert_to(jsonb_build_array(condition, extract(epoch from v_after), channel, recipient, template, class,
        martlet_data.canonical(variables), locale, sender)::text, 'UTF8'));
    -- What was taken is taken, also when its class, template or sender has left the policy since.
    if exists (select from martlet_data.follow_ups f where f.message_id = m.id and f.request_hash = v_hash) then
        return message_id;
    end if;
    select c.name, c.erases_body into v_class, v_erases from martlet_data.classes c where c.id = m.class_id;
    select p.address_kind into v_kind from martlet_data.enqueue_places p
        where p.template = coalesce(follow_up.template, m.template) and p.class = coalesce(follow_up.class, v_class) and p.channel = follow_up.channel;
    if not found then
        perform martlet_data.refuse_unknown(coalesce(class, v_class), channel, coalesce(template, m.template));
    end if;
    if sender is not null and not exists (select from martlet_data.senders s where s.key = follow_up.sender and s.retired_at is null) then
        raise exception 'field sender: unknown sender %', quote_literal(sender) using errcode = 'MT009', hint = (select martlet_data.did_you_mean(sender, array_agg(s.key)) from martlet_data.senders s where s.retired_at is null)
                || 'Use a key of Config/policy/senders.yaml that has been applied, or leave it out for the message''s.';
    end if;
    v_country := (select s.default_country from martlet_data.senders s where s.retired_at is null and case when coalesce(sender, m.sender) is null then s.is_default else s.key = coalesce(sender, m.sender) end);
    v_address := martlet_data.normalise_address(v_kind, recipient, v_country);
    if v_address is null then
        perform martlet_data.refuse_address(v_kind, recipient, v_country);
    end if;
    if locale is not null then
        perform martlet_data.check_text('locale', locale, 35);
    end if;
    if check_template is not false then
        perform martlet_data.check_template(coalesce(class, v_class), channel, coalesce(template, m.template), coalesce(variables, m.variables::jsonb), coalesce(locale, m.locale),
            coalesce(sender, m.sender));
    end if;
    perform martlet_data.commit_durably();
    insert into martlet_data.follow_ups (message_id, condition, after, due_at, class, channel, address, template, locale, sender, variables, request_hash)
        select m.id, condition, v_after, clock_timestamp() + case when exists (select from martlet_data.receipts r where r.message_id = m.id) then interval '0' else v_after end,
            coalesce(class, v_class), channel, v_address, coalesce(template, m.template), locale, sender,
            -- A class that erases its bodies has none left by then.
            case when variables is not null then variables::json when v_erases then m.variables end, v_hash
        on conflict on constraint follow_ups_pkey do nothing;
    if not found then
        select f.request_hash into v_seen from martlet_data.follow_ups f where f.message_id = m.id;
        -- One of 32 bytes is over text (before 0016): then what is stored is compared. The variables are gone once it is decided.
        if v_seen is distinct from v_hash and not (length(v_seen) = 32 and exists (select from martlet_data.follow_ups f
                where f.message_id = m.id and f.condition = follow_up.condition and f.after = v_after and f.channel = follow_up.channel and f.address = v_address
                    and f.template = coalesce(follow_up.template, m.template) and f.class = coalesce(follow_up.class, v_class)
                    and (f.locale, f.sender) is not distinct from (follow_up.locale, follow_up.sender)
                    and (f.state <> 'open' or follow_up.variables is null or f.variables::jsonb = follow_up.variables))) then
            raise exception 'message % has another follow-up already', message_id using errcode = 'MT015', hint = 'A message has one at most; repeat a request with exactly the same arguments.';
        end if;
    end if;
    return message_id;
end $$;

comment on function martlet.follow_up is 'One further message if this one fails or is not heard of in time: martlet.follow_up(martlet.enqueue(…), ''not_opened'', ''sms'', ''+86…''). Answers the message''s id.';
grant execute on function martlet.follow_up(bigint, text, text, text, interval, text, text, jsonb, text, text, boolean) to martlet_admin, martlet_producer;

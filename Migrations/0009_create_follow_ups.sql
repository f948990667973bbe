-- Why: one second message on another channel when the first one fails, or nothing is heard of it in time (SMS undeliverable → e-mail; e-mail not
--      opened within an hour → SMS): exactly none or one, whatever races.
-- Locks: receipts and its partitions, for milliseconds, to add a trigger. Compatible: yes; workers of the version before decide none.
set local role martlet_owner;

-- One row for each message that has one; its lock is what an event and the timer race for. Whoever holds it first decides.
create table martlet_data.follow_ups (
    message_id   bigint      not null primary key,
    condition    text collate "C" not null check (condition in ('undelivered', 'not_delivered', 'not_opened', 'not_clicked')),
    after        interval    not null,
    due_at       timestamptz not null,
    class        text collate "C" not null,
    channel      text collate "C" not null,
    address      text collate "C" not null,
    template     text collate "C" not null,
    locale       text collate "C",
    sender       text collate "C",
    variables    json,
    request_hash bytea       not null,
    created_at   timestamptz not null default clock_timestamp(),
    state        text collate "C" not null default 'open' check (state in ('open', 'sent', 'settled', 'lapsed', 'refused')),
    why          text collate "C",
    decided_at   timestamptz,
    sent_id      bigint unique,
    check ((state = 'open') = (decided_at is null) and (state = 'sent') = (sent_id is not null))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1); -- each row is updated once or twice
create index follow_ups_due_at on martlet_data.follow_ups (due_at) where state = 'open';
comment on column martlet_data.follow_ups.due_at is 'When it is looked at again; the facts of that moment decide.';
comment on column martlet_data.follow_ups.variables is 'Null: those of the message; also null once it is decided.';

-- Whether what a receipt says makes a follow-up needless.
create function martlet_data.follow_up_settled_by(p_condition text, p_kind text) returns boolean
    language sql immutable parallel safe as $$
    select p_kind in ('cancelled', 'capped', 'discarded', 'clicked') or p_kind = 'opened' and p_condition <> 'not_clicked'
        or p_kind = 'delivered' and p_condition in ('undelivered', 'not_delivered') $$;

-- Each receipt that may matter, of a message that has one, in the receipt's own transaction. What is a failure (or might be: the decision looks
-- again) makes it due, what settles it ends it here. For all other messages an index probe that finds nothing.
create function martlet_data.note_follow_up() returns trigger
    language plpgsql as $$
begin
    if new.kind in ('undelivered', 'dead', 'expired', 'suppressed') then
        update martlet_data.follow_ups f set due_at = least(f.due_at, clock_timestamp()) where f.message_id = new.message_id and f.state = 'open';
    else
        update martlet_data.follow_ups f set state = 'settled', why = new.kind, decided_at = clock_timestamp(), variables = null
            where f.message_id = new.message_id and f.state = 'open' and martlet_data.follow_up_settled_by(f.condition, new.kind);
    end if;
    return null;
end $$;
create trigger note_follow_up after insert on martlet_data.receipts for each row
    when (new.kind in ('delivered', 'undelivered', 'opened', 'clicked', 'dead', 'expired', 'suppressed', 'capped', 'cancelled', 'discarded') and not new.stale)
    execute function martlet_data.note_follow_up();

create function martlet.follow_up(message_id bigint, condition text, channel text, recipient text, after interval default null, template text default null,
        class text default null, variables jsonb default null, locale text default null, sender text default null) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
    m martlet_data.messages;
    v_after interval := coalesce(after, case when condition = 'undelivered' then interval '72 hours' else interval '1 hour' end);
    v_class text;
    v_kind text;
    v_address text;
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
    select c.name, c.erases_body into v_class, v_erases from martlet_data.classes c where c.id = m.class_id;
    select p.address_kind into v_kind from martlet_data.enqueue_places p
        where p.template = coalesce(follow_up.template, m.template) and p.class = coalesce(follow_up.class, v_class) and p.channel = follow_up.channel;
    if not found then
        perform martlet_data.refuse_unknown(coalesce(class, v_class), channel, coalesce(template, m.template));
    end if;
    if sender is not null and not exists (select from martlet_data.senders s where s.key = follow_up.sender and s.retired_at is null) then
        raise exception 'field sender: unknown sender %', quote_literal(sender) using errcode = 'MT009', hint = 'Use a key of Config/policy/senders.yaml that has been applied, or leave it out for the message''s.';
    end if;
    v_address := martlet_data.normalise_address(v_kind, recipient,
        (select s.default_country from martlet_data.senders s where s.retired_at is null and case when coalesce(sender, m.sender) is null then s.is_default else s.key = coalesce(sender, m.sender) end));
    if v_address is null then
        raise exception 'field recipient: % is no address of channel %', coalesce(quote_literal(martlet_data.mask(recipient)), 'null'), channel using errcode = 'MT003',
            hint = 'Phone numbers as E.164 (+8613800138000), one mailbox without display name.';
    end if;
    if variables is not null and (jsonb_typeof(variables) <> 'object' or octet_length(variables::text) > 65536) then
        raise exception 'field variables: must be a JSON object of at most 65536 bytes' using errcode = 'MT006', hint = 'Leave it out for those of the message.';
    end if;
    if locale is not null then
        perform martlet_data.check_text('locale', locale, 35);
    end if;
    perform martlet_data.commit_durably();
    v_hash := sha256(convert_to(jsonb_build_array(condition, v_after::text, channel, recipient, template, class, variables, locale, sender)::text, 'UTF8'));
    insert into martlet_data.follow_ups (message_id, condition, after, due_at, class, channel, address, template, locale, sender, variables, request_hash)
        select m.id, condition, v_after, clock_timestamp() + case when exists (select from martlet_data.receipts r where r.message_id = m.id) then interval '0' else v_after end,
            coalesce(class, v_class), channel, v_address, coalesce(template, m.template), locale, sender,
            -- A class that erases its bodies has none left by then.
            case when variables is not null then variables::json when v_erases then m.variables end, v_hash
        on conflict on constraint follow_ups_pkey do nothing;
    if not found then
        select f.request_hash into v_seen from martlet_data.follow_ups f where f.message_id = m.id;
        if v_seen is distinct from v_hash then
            raise exception 'message % has another follow-up already', message_id using errcode = 'MT015', hint = 'A message has one at most; repeat a request with exactly the same arguments.';
        end if;
    end if;
    return message_id;
end $$;
comment on function martlet.follow_up is 'One further message if this one fails or is not heard of in time: martlet.follow_up(martlet.enqueue(…), ''not_opened'', ''sms'', ''+86…''). Answers the message''s id.';

create function martlet.cancel_follow_up(message_id bigint) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_state text;
begin
    perform martlet_data.commit_durably();
    if not exists (select from martlet_data.messages m where m.id = message_id and (m.producer = session_user or martlet_data.is_admin())) then
        raise exception 'message % does not exist, or another producer enqueued it', message_id using errcode = 'MT012', hint = 'Pass the id that enqueue returned, with the role that enqueued it.';
    end if;
    update martlet_data.follow_ups f set state = 'settled', why = 'cancelled', decided_at = clock_timestamp(), variables = null
        where f.message_id = cancel_follow_up.message_id and f.state = 'open';
    if found then
        return 'cancelled';
    end if;
    select f.state into v_state from martlet_data.follow_ups f where f.message_id = cancel_follow_up.message_id;
    return case when v_state is null then 'none' when v_state = 'sent' then 'too_late' else 'already_final' end;
end $$;
comment on function martlet.cancel_follow_up is 'cancelled | too_late (the second message is on its way: cancel that) | already_final | none';

-- Follow-ups for the messages of one call of enqueue_rows: a JSON object each, with the names of follow_up's arguments; null: none.
create function martlet.follow_up_rows(message_ids bigint[], follow_ups text[]) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_one jsonb;
    v_unknown text;
    v_count int := 0;
    v_state text;
    v_text text;
    v_hint text;
    v_at int;
begin
    if cardinality(message_ids) is distinct from cardinality(follow_ups) then
        raise exception 'the arrays differ in length' using errcode = 'MT011', hint = 'Give one follow-up, or null, for each message.';
    end if;
    for v_at in 1 .. cardinality(message_ids) loop
        continue when follow_ups[v_at] is null;
        begin
            v_one := martlet_data.json_from('follow_up', follow_ups[v_at]);
            if jsonb_typeof(v_one) <> 'object' then
                raise exception 'field follow_up: must be a JSON object, not %', jsonb_typeof(v_one) using errcode = 'MT015', hint = 'Such as {"condition": "not_opened", "channel": "sms", "recipient": "+8613800138000"}.';
            end if;
            select string_agg(k, ', ') into v_unknown from jsonb_object_keys(v_one) k
                where k not in ('condition', 'after', 'channel', 'recipient', 'template', 'class', 'variables', 'locale', 'sender');
            if v_unknown is not null then
                raise exception 'field follow_up: unknown field %', v_unknown using errcode = 'MT015', hint = 'Known: condition, after, channel, recipient, template, class, variables, locale, sender.';
            end if;
            perform martlet.follow_up(message_ids[v_at], v_one ->> 'condition', v_one ->> 'channel', v_one ->> 'recipient', (v_one ->> 'after')::interval, v_one ->> 'template',
                v_one ->> 'class', nullif(v_one -> 'variables', 'null'), v_one ->> 'locale', v_one ->> 'sender');
        exception when others then
            get stacked diagnostics v_state = returned_sqlstate, v_text = message_text, v_hint = pg_exception_hint;
            raise exception 'element %: field follow_up: %', v_at, regexp_replace(v_text, '^field follow_up: ', '') using errcode = v_state, hint = coalesce(nullif(v_hint, ''), 'Correct this element and call again.');
        end;
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;
comment on function martlet.follow_up_rows is 'follow_up for many messages, each as a JSON object; answers how many there are now.';

create or replace function martlet.enqueue_many(messages jsonb) returns table ("position" int, message_id bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_bad record;
    v_ids bigint[];
begin
    if messages is null or jsonb_typeof(messages) <> 'array' then
        raise exception 'field messages: must be a JSON array of objects' using errcode = 'MT011', hint = 'Each object has the names of enqueue''s arguments.';
    elsif jsonb_array_length(messages) > 10000 then
        raise exception 'field messages: % elements, the limit is 10000', jsonb_array_length(messages) using errcode = 'MT011', hint = 'Call it several times, or use martlet.enqueue_rows.';
    end if;
    select e.n, jsonb_typeof(e.o) as kind into v_bad from jsonb_array_elements(messages) with ordinality e(o, n) where jsonb_typeof(e.o) <> 'object' limit 1;
    if found then
        raise exception 'element %: must be an object, not %', v_bad.n, v_bad.kind using errcode = 'MT011', hint = 'Each object has the names of enqueue''s arguments.';
    end if;
    select e.n, string_agg(k, ', ') as fields into v_bad from jsonb_array_elements(messages) with ordinality e(o, n), jsonb_object_keys(e.o) k
        where k not in ('class', 'channel', 'recipient', 'template', 'variables', 'idempotency_key', 'scheduled_at', 'expires_at', 'recipient_key', 'locale',
            'time_zone', 'tier', 'group_key', 'sender', 'headers', 'traceparent', 'follow_up') group by e.n order by e.n limit 1;
    if found then
        raise exception 'element %: unknown field %', v_bad.n, v_bad.fields using errcode = 'MT011', hint = 'Use the names of enqueue''s arguments and follow_up; template variables go into "variables".';
    end if;
    select martlet.enqueue_rows(array_agg(o ->> 'class' order by n), array_agg(o ->> 'channel' order by n), array_agg(o ->> 'recipient' order by n), array_agg(o ->> 'template' order by n),
            array_agg((o -> 'variables')::text order by n), array_agg(o ->> 'idempotency_key' order by n), array_agg(o ->> 'scheduled_at' order by n), array_agg(o ->> 'expires_at' order by n),
            array_agg(o ->> 'recipient_key' order by n), array_agg(o ->> 'locale' order by n), array_agg(o ->> 'time_zone' order by n), array_agg(o ->> 'tier' order by n),
            array_agg(o ->> 'group_key' order by n), array_agg(o ->> 'sender' order by n), array_agg(nullif(o -> 'headers', 'null')::text order by n), array_agg(o ->> 'traceparent' order by n))
        into v_ids from jsonb_array_elements(messages) with ordinality e(o, n);
    if jsonb_path_exists(messages, '$[*].follow_up ? (@ != null)') then
        perform martlet.follow_up_rows(v_ids, (select array_agg(nullif(o -> 'follow_up', 'null')::text order by n) from jsonb_array_elements(messages) with ordinality e(o, n)));
    end if;
    return query select i::int, v_ids[i] from generate_series(1, jsonb_array_length(messages)) i;
end $$;

-- Decides follow-ups that are due: at most p_limit, those whose row nobody holds. An event that was committed before is seen, because the facts
-- are read after the locks; one that comes later finds it decided. What a requeue began anew counts from there. Generic plans: planning for
-- the partitions would cost as much as the decisions.
create function martlet_data.decide_follow_ups(p_limit int) returns table (decision text, decisions bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    v_now   timestamptz := clock_timestamp();
    v_base  bigint := ((date_part('epoch', v_now) * 1000)::bigint - 1735689600000) << 22;
    v_slots smallint[] := (select array_agg((pg_sequence_last_value(l.cursor) & 4095)::smallint order by l.lane) from martlet_data.lanes l); -- before the statement that inserts
    v_ids   bigint[];
    v_first bigint;
    v_last  bigint;
begin
    v_ids := array(select d.message_id from martlet_data.follow_ups d where d.state = 'open' and d.due_at <= v_now
        -- Somebody followed a link just now (0010), and it is not yet judged whether that was a person.
        and not exists (select from martlet_data.link_visits v where v.message_id = d.message_id and v.machine is null and v.at > v_now - interval '1 minute')
        order by d.due_at limit p_limit for update skip locked);
    if cardinality(v_ids) = 0 then
        return;
    end if;
    perform martlet_data.commit_durably();
    perform pg_current_xact_id(); -- before the sequence: as in enqueue
    select min(i), max(i) into v_first, v_last from unnest(v_ids) i; -- a range excludes partitions, an array does not
    return query with f as materialized (select * from martlet_data.follow_ups u where u.message_id = any (v_ids)),
    m as materialized (select * from martlet_data.messages n where n.id = any (v_ids) and n.id between v_first and v_last),
    said as materialized (
        select f.message_id, min(r.kind) filter (where martlet_data.follow_up_settled_by(f.condition, r.kind)) as settled_by,
            min(r.at) filter (where r.kind = 'accepted') as accepted_at, min(r.kind) filter (where r.kind in ('expired', 'suppressed') and r.at >= q.since) as ended_by,
            -- An older try's failure says nothing about a newer one.
            max(r.attempt) filter (where r.kind = 'undelivered' and r.at >= q.since) >= coalesce(max(r.attempt) filter (where r.kind = 'accepted'), 0) as is_undelivered
        from f cross join lateral (select coalesce(max(e.requeued_at), '-infinity') as since from martlet_data.requeues e where e.message_id = f.message_id) q
            join martlet_data.receipts r on r.message_id = f.message_id and not r.stale
        where r.message_id = any (v_ids) and r.message_id between v_first and v_last
        group by f.message_id),
    facts as (
        select f.*, m.id as first_id, p.class_id, p.channel_id, p.lane, p.time_to_live,
            coalesce(s.settled_by,
                case when exists (select from martlet_data.cancellations c where c.message_id = f.message_id)
                    or exists (select from martlet_data.group_cancellations g where g.group_key = m.group_key and g.producer in ('*', m.producer) and g.cancelled_at >= m.created_at) then 'cancelled' end,
                -- Somebody asked for it; only an address that does not exist is a failure.
                case when s.ended_by = 'suppressed' and not exists (select from martlet_data.suppressions x join martlet_data.channels h on h.name = x.channel
                    where x.address = m.address and h.id = m.channel_id and x.lifted_at is null and x.reason = 'hard_bounce') then 'suppressed' end) as settled_by,
            case when d.reason <> 'in_doubt' then 'dead' when s.ended_by is not null then s.ended_by when s.is_undelivered then 'undelivered' end as failed_by,
            -- In doubt: it may have arrived, and is given as long as if it had been accepted.
            coalesce(s.accepted_at, case when d.reason = 'in_doubt' then d.died_at end) as accepted_at
        from f left join m on m.id = f.message_id left join said s on s.message_id = f.message_id
            left join martlet_data.dead_letters d on d.message_id = f.message_id
            left join martlet_data.enqueue_places p on p.template = f.template and p.class = f.class and p.channel = f.channel),
    verdicts as materialized (
        select v.*, case when v.verdict = 'sent' then v_base | (nextval('martlet_data.message_seq') & 4194303) end as second_id
        from (select a.*, case when a.first_id is null then 'lapsed' when a.settled_by is not null then 'settled'
                -- What is accepted later than now is not due before this.
                when a.failed_by is null and (a.accepted_at is null or a.accepted_at + a.after > v_now) then 'open'
                when a.failed_by is null and a.condition = 'undelivered' then 'lapsed'
                when a.class_id is null then 'refused' else 'sent' end as verdict from facts a offset 0) v),
    bodies as (
        insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier, group_key, variables,
            traceparent, producer, created_at, expires_at)
        select v.second_id, v.class_id, v.channel_id, case when m.recipient_key = m.address then v.address else m.recipient_key end, v.address, v.template, coalesce(v.locale, m.locale),
            coalesce(v.sender, m.sender), m.time_zone, m.tier, m.group_key, coalesce(v.variables, m.variables), m.traceparent, m.producer, v_now, v_now + v.time_to_live
        from verdicts v join m on m.id = v.message_id where v.verdict = 'sent'),
    placed as (
        insert into martlet_data.ready (slot, seq, message_id) select v_slots[v.lane + 1], v.second_id & 4194303, v.second_id from verdicts v where v.verdict = 'sent'),
    told as (
        insert into martlet_data.receipts (message_id, kind, code, detail, reference)
        select case k.kind when 'follows' then v.second_id else v.message_id end, k.kind, v.condition,
            format('%s: %s message %s', coalesce(v.failed_by, v.condition), case k.kind when 'follows' then 'follows' else 'followed by' end, case k.kind when 'follows' then v.message_id else v.second_id end),
            case k.kind when 'follows' then v.message_id else v.second_id end::text
        from verdicts v cross join (values ('followed_up'), ('follows')) k(kind) where v.verdict = 'sent'),
    decided as (
        update martlet_data.follow_ups u set state = v.verdict, sent_id = v.second_id,
            why = case v.verdict when 'open' then null when 'settled' then v.settled_by when 'refused' then 'no_template'
                when 'lapsed' then case when v.first_id is null then 'message_gone' else 'nothing_heard' end else coalesce(v.failed_by, v.condition) end,
            due_at = case when v.verdict = 'open' then coalesce(v.accepted_at, v_now) + v.after else u.due_at end,
            decided_at = case when v.verdict <> 'open' then v_now end, variables = case when v.verdict = 'open' then u.variables end
        from verdicts v where u.message_id = v.message_id
        returning case v.verdict when 'open' then 'put_off' else v.verdict end as verdict)
    select d.verdict, count(*) from decided d group by 1;
end $$;

create view martlet.follow_ups as
    select f.message_id, f.condition, f.after, f.state, f.why, f.due_at, f.decided_at, f.sent_id, f.class, f.channel, martlet_data.shown(f.address) as address, f.template
    from martlet_data.follow_ups f;
comment on view martlet.follow_ups is 'Messages with a follow-up, and what became of it: open, sent (as sent_id), settled, lapsed, refused; why.';

grant execute on function martlet.follow_up, martlet.follow_up_rows, martlet.cancel_follow_up to martlet_producer, martlet_admin;
grant execute on function martlet_data.decide_follow_ups to martlet_worker;
-- By the trigger, in the transactions of those who write receipts.
grant select (message_id, condition, state, due_at), update (state, why, decided_at, variables, due_at) on martlet_data.follow_ups to martlet_worker, martlet_gateway;
grant execute on function martlet_data.follow_up_settled_by to martlet_worker, martlet_gateway;
grant delete on martlet_data.follow_ups to martlet_worker;
grant select on martlet.follow_ups to martlet_reader, martlet_admin;

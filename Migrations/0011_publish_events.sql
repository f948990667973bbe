-- Why: events that other services read: as signed webhooks, which are messages of our own queue, and as a view; answers to surveys; consent that
--      is pending until its recipient confirms it.
-- Locks: templates, for as long as it takes to add columns without a default; inbound_texts, consents, suppressions and dead_letters against
--        writers while an index (of few rows: parts of long texts) and triggers are made. Compatible: yes.
set local role martlet_owner;

-- Who subscribes to what: webhooks.yaml, written by `config apply` --------------------------------------------------------------------
create table martlet_data.webhook_endpoints (
    name            text collate "C" primary key,
    events          text[] not null,
    classes         text[] not null,
    group_prefixes  text[] not null
);
comment on column martlet_data.webhook_endpoints.classes is 'Empty: all, and what is about no class; so are group_prefixes.';

create function martlet_data.iso_time(p_at timestamptz) returns text
    language sql stable parallel safe as $$ select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- One event: a message of channel webhook for each endpoint that wants it, in the transaction of what it speaks of. Nothing about messages of
-- that channel itself comes here: its callers leave them out.
create function martlet_data.publish(p_type text, p_class text, p_group text, p_at timestamptz, p_data json) returns int
    language plpgsql volatile as $$
declare
    v_name text;
    v_body text;
    v_count int := 0;
begin
    for v_name in
        select e.name from martlet_data.webhook_endpoints e
        where p_type = any (e.events) and (e.classes = '{}' or p_class = any (e.classes))
            and (e.group_prefixes = '{}' or exists (select from unnest(e.group_prefixes) g where starts_with(p_group, g)))
        order by e.name
    loop
        v_body := coalesce(v_body, '{"type":' || to_json(p_type) || ',"timestamp":"' || martlet_data.iso_time(p_at) || '","data":' || p_data || '}');
        perform martlet.enqueue(class => 'webhook', channel => 'webhook', recipient => v_name, template => 'webhook',
            variables => jsonb_build_object('event', v_body));
        v_count := v_count + 1;
    end loop;
    return v_count;
end $$;

create function martlet_data.is_published(p_type text) returns boolean
    language sql stable as $$ select exists (select from martlet_data.webhook_endpoints e where p_type = any (e.events)) $$;

-- What was written down about messages just now, by the caller's transaction.
create function martlet_data.publish_receipts(p_kinds text[], p_messages bigint[], p_attempts smallint[], p_providers text[], p_codes text[]) returns int
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(martlet_data.publish('message.' || i.kind, c.name, m.group_key, clock_timestamp(), json_build_object('message_id', m.id::text,
        'group_key', m.group_key, 'class', c.name, 'channel', h.name, 'template', m.template, 'attempt', i.attempt, 'provider', i.provider, 'code', i.code))), 0)::int
    from unnest(p_kinds, p_messages, p_attempts, p_providers, p_codes) i(kind, message_id, attempt, provider, code)
    cross join lateral (select * from martlet_data.messages m where m.id = i.message_id offset 0) m
    join martlet_data.classes c on c.id = m.class_id join martlet_data.channels h on h.id = m.channel_id
    where h.name <> 'webhook' $$;

-- These change seldom, and by many ways: functions, texts, links, bounces. A trigger sees them all, once each.
create function martlet_data.publish_consents() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if martlet_data.is_published('consent.changed') then
        perform martlet_data.publish('consent.changed', n.purpose, null, n.recorded_at, json_build_object('recipient_key', n.recipient_key, 'channel', n.channel,
            'purpose', n.purpose, 'status', n.status, 'method', n.method, 'wording', n.wording)) from new_rows n where n.channel <> 'webhook';
    end if;
    return null;
end $$;
create trigger publish_consents after insert on martlet_data.consents referencing new table as new_rows for each statement execute function martlet_data.publish_consents();

create function martlet_data.publish_suppressions() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if martlet_data.is_published('suppression.changed') then
        perform martlet_data.publish('suppression.changed', n.scope, null, coalesce(n.lifted_at, n.created_at), json_build_object('channel', n.channel, 'address', n.address,
            'scope', n.scope, 'state', case when n.lifted_at is null then 'suppressed' else 'lifted' end, 'reason', coalesce(n.lift_reason, n.reason)))
        from new_rows n where n.channel <> 'webhook';
    end if;
    return null;
end $$;
create trigger publish_suppressions after insert on martlet_data.suppressions referencing new table as new_rows for each statement execute function martlet_data.publish_suppressions();
create trigger publish_lifted after update on martlet_data.suppressions referencing new table as new_rows for each statement execute function martlet_data.publish_suppressions();

create function martlet_data.publish_dead_letters() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if martlet_data.is_published('message.dead') then
        perform martlet_data.publish('message.dead', n.class, m.group_key, n.died_at, json_build_object('message_id', n.message_id::text, 'group_key', m.group_key,
            'class', n.class, 'channel', n.channel, 'template', n.template, 'attempt', n.attempt, 'provider', n.provider, 'code', n.reason))
        from new_rows n left join lateral (select * from martlet_data.messages m where m.id = n.message_id offset 0) m on true where n.channel <> 'webhook';
    end if;
    return null;
end $$;
create trigger publish_dead_letters after insert on martlet_data.dead_letters referencing new table as new_rows for each statement execute function martlet_data.publish_dead_letters();

-- Surveys -------------------------------------------------------------------------------------------------------------------------------
alter table martlet_data.templates add column answers jsonb, add column answer_within interval, add column confirms text collate "C";
comment on column martlet_data.templates.answers is 'Name of an answer: the words that give it. Null: nothing is asked.';
comment on column martlet_data.templates.confirms is 'The purpose whose pending consent a yes makes granted.';

-- Messages that ask something, from their admission on. One row for each, of its newest attempt.
create table martlet_data.surveys (
    message_id  bigint      not null primary key,
    attempt     smallint    not null,
    channel     text collate "C" not null,
    address     text collate "C" not null,
    sender      text collate "C" not null,
    template    text collate "C" not null,
    locale      text collate "C" not null,
    version     int         not null,
    opened_at   timestamptz not null,
    until       timestamptz not null
);
create index surveys_address on martlet_data.surveys (address, channel, opened_at);
create index surveys_until on martlet_data.surveys (until);
comment on column martlet_data.surveys.sender is 'Who asked, as the recipient sees it: a number or a name.';

-- Replies, each once it is whole ----------------------------------------------------------------------------------------------------------
create table martlet_data.inbound_events (
    inbound_id  bigint      not null primary key references martlet_data.inbound_texts (id) on delete cascade,
    position    bigint      unique,
    at          timestamptz not null default clock_timestamp(),
    channel     text collate "C" not null,
    address     text collate "C",
    keyword     text collate "C",
    answers     bigint,
    answer      text collate "C"
);
create index inbound_events_answers on martlet_data.inbound_events (answers, position) where answers is not null;
create index inbound_texts_first_id on martlet_data.inbound_texts (first_id) where first_id is not null;
comment on column martlet_data.inbound_events.position is 'In the order of commits: what has a lower number was visible before. Null: not committed yet.';
comment on column martlet_data.inbound_events.inbound_id is 'The part that came first.';
comment on column martlet_data.inbound_events.address is 'E.164; null: it came from no phone.';

-- Whoever reads by a number must not see 6 before 5. Numbers are given at the very end of a transaction, one transaction at a time: the lock is the last
-- that it takes, and is free when its rows are visible. No other lock is waited for under it.
create sequence martlet_data.inbound_position;
create function martlet_data.position_inbound() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7340011, 1);
    update martlet_data.inbound_events e set position = nextval('martlet_data.inbound_position') where e.inbound_id = new.inbound_id;
    return null;
end $$;
create constraint trigger position_inbound after insert on martlet_data.inbound_events deferrable initially deferred
    for each row execute function martlet_data.position_inbound();

create function martlet_data.publish_inbound(p_event martlet_data.inbound_events) returns void
    language plpgsql volatile as $$
declare
    t record;
    m record;
    v_data json;
begin
    if not (martlet_data.is_published('inbound.received') or p_event.answers is not null and martlet_data.is_published('survey.answered')) then
        return;
    end if;
    select min(i.provider) as provider, min(i.sender) as sender, min(i.recipient) as recipient, string_agg(i.body, '' order by i.part) as body into t
        from martlet_data.inbound_texts i where i.id = p_event.inbound_id or i.first_id = p_event.inbound_id;
    select x.group_key, x.template, c.name as class into m
        from martlet_data.messages x join martlet_data.classes c on c.id = x.class_id where x.id = p_event.answers;
    -- A text has at most some 40,000 characters; 8,000 are never more than fits into a message, however they are escaped.
    v_data := json_build_object('id', p_event.inbound_id::text, 'provider', t.provider, 'channel', p_event.channel, 'from', coalesce(p_event.address, t.sender), 'to', t.recipient,
        'text', left(t.body, 8000), 'is_cut', coalesce(length(t.body) > 8000, false), 'keyword', p_event.keyword, 'answers', p_event.answers::text, 'answer', p_event.answer,
        'group_key', m.group_key, 'class', m.class, 'template', m.template);
    perform martlet_data.publish('inbound.received', m.class, m.group_key, p_event.at, v_data);
    if p_event.answers is not null then
        perform martlet_data.publish('survey.answered', m.class, m.group_key, p_event.at, v_data);
    end if;
end $$;

-- Keeps a text as keep_inbound does; when it is whole it is an event. p_answers: the message that it answers, p_answer: how.
create function martlet_data.receive_text(p_provider text, p_sender text, p_recipient text, p_body text, p_octets bytea, p_data_coding smallint,
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

create view martlet.inbound_events as
    select e.position as id, e.at, e.channel, martlet_data.shown(coalesce(e.address, t.sender)) as sender, t.recipient, t.provider, t.body as text, e.keyword,
        e.answers as message_id, e.answer, m.group_key, m.template, c.name as class
    from martlet_data.inbound_events e
    cross join lateral (select min(i.provider) as provider, min(i.sender) as sender, min(i.recipient) as recipient, string_agg(i.body, '' order by i.part) as body
        from martlet_data.inbound_texts i where i.id = e.inbound_id or i.first_id = e.inbound_id) t
    left join lateral (select * from martlet_data.messages m where m.id = e.answers offset 0) m on true
    left join martlet_data.classes c on c.id = m.class_id
    where e.position is not null;
comment on view martlet.inbound_events is 'Replies, whole ones. Nothing becomes visible below an id that was seen: remember the last and ask for what is above it.';

create view martlet.survey_answers as
    select distinct on (e.answers) e.answers as message_id, e.answer, e.at as answered_at, e.inbound_id, e.channel, martlet_data.shown(e.address) as address,
        m.group_key, m.template, c.name as class
    from martlet_data.inbound_events e
    left join lateral (select * from martlet_data.messages m where m.id = e.answers offset 0) m on true
    left join martlet_data.classes c on c.id = m.class_id
    where e.answers is not null order by e.answers, e.position desc;
comment on view martlet.survey_answers is 'By message that asked: the newest answer. inbound_events has all of them.';

-- Double opt-in -----------------------------------------------------------------------------------------------------------------------------
-- The recipients of these messages have said yes: what is still pending of the purpose that the message asked about is granted. Answers for each:
-- granted; again (it was already); nothing (withdrawn meanwhile, or never pending); late; null: it asked for nothing of the kind. Locks first, all
-- in order, those of p_addresses as well, which the caller will need next; every statement after them sees what was committed before.
create function martlet_data.confirm_consents(p_message_ids bigint[], p_method text, p_addresses text[] default '{}') returns text[]
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_results text[] := '{}';
    v_status text;
    s record;
begin
    perform martlet_data.commit_durably();
    perform martlet_data.lock_bucket(b.bucket) from (
        select distinct martlet_data.bucket(k.key) as bucket from (
            select m.recipient_key as key from martlet_data.messages m where m.id = any (p_message_ids) union all select unnest(p_addresses)) k
        order by 1 offset 0) b;
    for i in 1 .. cardinality(p_message_ids) loop
        select m.recipient_key, x.channel, t.confirms, x.until, format('template %s/%s.%s v%s', x.template, x.locale, x.channel, x.version) as wording into s
            from martlet_data.surveys x
            join martlet_data.templates t on t.key = x.template and t.channel = x.channel and t.locale = x.locale and t.version = x.version
            join martlet_data.messages m on m.id = x.message_id
            where x.message_id = p_message_ids[i] and t.confirms is not null;
        if not found then
            v_results := v_results || null::text;
            continue;
        end if;
        select c.status into v_status from martlet_data.consents c
            where c.recipient_key = s.recipient_key and c.channel = s.channel and c.purpose = s.confirms order by c.id desc limit 1;
        if not found or v_status = 'withdrawn' then
            v_results := v_results || 'nothing'::text;
        elsif v_status = 'granted' then
            v_results := v_results || 'again'::text;
        elsif s.until < clock_timestamp() then
            v_results := v_results || 'late'::text;
        else
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method, wording)
                values (s.recipient_key, s.channel, s.confirms, 'granted', p_method, s.wording);
            v_results := v_results || 'granted'::text;
        end if;
    end loop;
    return v_results;
end $$;

-- Who may do what ---------------------------------------------------------------------------------------------------------------------------
grant execute on function martlet_data.publish_receipts, martlet_data.receive_text, martlet_data.confirm_consents to martlet_worker, martlet_gateway;
grant insert, update, delete on martlet_data.webhook_endpoints to martlet_admin;
grant insert, update, delete on martlet_data.surveys to martlet_worker;
grant select on martlet_data.surveys to martlet_gateway;
grant select (channel, locale, version, answers, confirms) on martlet_data.templates to martlet_gateway;
grant select on martlet.inbound_events, martlet.survey_answers to martlet_reader, martlet_admin;

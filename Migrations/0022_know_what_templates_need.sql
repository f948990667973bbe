-- Why: enqueue took a message whose variables or locale its template cannot be rendered with, and it died later. Now enqueue_places has what a template and a
--      class require and in which locales there is a text, and classes have how far ahead they may be scheduled. What the policy says of classes and senders
--      comes with the next "martlet config apply"; until then only what templates say is known. An import keeps what was given for all its records: the same
--      file with another template went on with it in silence.
-- Locks: ACCESS EXCLUSIVE on martlet_data.classes, senders, enqueue_places and imports, for a moment. Compatible: yes.
set local role martlet_owner;

alter table martlet_data.classes add column required text[] not null default '{}', add column sender text collate "C",
    add column schedule_within interval not null default '366 days';
comment on column martlet_data.classes.required is 'Variables that must be there and not empty, whatever the template says.';
comment on column martlet_data.classes.sender is 'Of messages that name none; null: the default sender.';
comment on column martlet_data.classes.schedule_within is 'scheduled_at may be so far ahead.';
alter table martlet_data.senders add column default_locale text collate "C";
comment on column martlet_data.senders.default_locale is 'Of messages without a locale; null: not known, because the policy was applied by a version that did not store it.';
alter table martlet_data.enqueue_places add column required text[] not null default '{}', add column locales text[] not null default '{}',
    add column default_locale text collate "C";
comment on column martlet_data.enqueue_places.required is 'Variables that some text of the template, or the class, requires: with all of them nothing is missing.';
comment on column martlet_data.enqueue_places.locales is 'Locales in which the template has a text on this channel.';
comment on column martlet_data.enqueue_places.default_locale is 'Of messages that name neither locale nor sender; null: not known.';
alter table martlet_data.imports add column arguments jsonb;
comment on column martlet_data.imports.arguments is 'What was given for all records, such as {"template": "sale"}; null: not known.';

create or replace function martlet_data.refresh_enqueue_places() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- One at a time: two that each see only their own change would leave a table that knows half.
    lock table martlet_data.enqueue_places in share row exclusive mode;
    with texts as materialized (
        select distinct on (t.key, t.channel, t.locale) t.key, t.channel, t.locale, t.required
        from martlet_data.templates t where t.retired_at is null order by t.key, t.channel, t.locale, t.version desc),
    templates as materialized (
        select t.key, t.channel, array_agg(t.locale order by t.locale) as locales from texts t group by t.key, t.channel),
    -- confirm_url is ours to give. A dotted name is no key at the top, so that enqueue's cheap look never finds it and check_template decides.
    names as materialized (
        select t.key, t.channel, array_agg(distinct n) as names
        from texts t, unnest(t.required) n where n <> 'confirm_url' group by t.key, t.channel),
    wanted as materialized (
        select t.key as template, c.name as class, h.name as channel, c.id as class_id, h.id as channel_id, h.address_kind, l.lane, l.cursor, c.time_to_live,
            array(select unnest(n.names) union select r from unnest(c.required) r where r <> 'confirm_url' order by 1) as required,
            t.locales, s.default_locale, (select k.number::bigint << 16 from martlet_data.cluster k) as cluster_bits
        from martlet_data.classes c join martlet_data.lanes l on l.lane = c.lane
            left join lateral (select s.default_locale from martlet_data.senders s
                where s.retired_at is null and case when c.sender is null then s.is_default else s.key = c.sender end limit 1) s on true,
            templates t join martlet_data.channels h on h.name = t.channel and h.retired_at is null
            left join names n on n.key = t.key and n.channel = t.channel
        where c.retired_at is null),
    gone as (
        delete from martlet_data.enqueue_places p where not exists (
            select from wanted w where w.template = p.template and w.class = p.class and w.channel = p.channel))
    insert into martlet_data.enqueue_places (template, class, channel, class_id, channel_id, address_kind, lane, cursor, time_to_live, required, locales,
            default_locale, cluster_bits)
        select w.template, w.class, w.channel, w.class_id, w.channel_id, w.address_kind, w.lane, w.cursor, w.time_to_live, w.required, w.locales,
            w.default_locale, w.cluster_bits from wanted w
        on conflict (template, class, channel) do update set class_id = excluded.class_id, channel_id = excluded.channel_id, address_kind = excluded.address_kind,
            lane = excluded.lane, cursor = excluded.cursor, time_to_live = excluded.time_to_live, required = excluded.required, locales = excluded.locales,
            default_locale = excluded.default_locale, cluster_bits = excluded.cluster_bits
        where enqueue_places is distinct from excluded;
    return null;
end $$;

create trigger refresh_enqueue_places after insert or update or delete or truncate on martlet_data.senders for each statement execute function martlet_data.refresh_enqueue_places();
update martlet_data.senders set key = key where false; -- the trigger fills what is new in enqueue_places

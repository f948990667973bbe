-- What is enqueued of a journey for a person is held from Admit, as by martlet.cancel. p_entry: only of that entry; null: of all.
create or replace function martlet_data.cancel_journey_messages(p_journey int, p_person text, p_entry int) returns void
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_messages bigint[] := array(select m.message_id from martlet_data.journey_messages m
        where m.journey_id = p_journey and m.person = p_person and (p_entry is null or m.entry = p_entry) and m.message_id is not null
            and not exists (select from martlet_data.receipts r where r.message_id = m.message_id
                and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) order by 1);
begin
    if v_messages = '{}' then
        return;
    end if;
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_fill(7340010, array[cardinality(v_messages)]), array(select hashint8(u) from unnest(v_messages) u));
    -- A statement of its own, after the lock: what Admit committed before is seen.
    insert into martlet_data.cancellations (message_id)
        select u.id from unnest(v_messages) u(id) where not exists (select from martlet_data.receipts r where r.message_id = u.id
            and r.kind in ('accepted', 'delivered', 'undelivered', 'suppressed', 'capped', 'expired', 'cancelled', 'discarded')) on conflict do nothing;
end $$;

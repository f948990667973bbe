create or replace function martlet.unsuppress(channel text, recipient text, why text, scope text default null) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    v_address text := martlet_data.known_address(channel, recipient);
    v_count int;
begin
    perform martlet_data.check_text('why', coalesce(why, ''), 1000);
    perform martlet_data.commit_durably();
    perform martlet_data.hold_from_admit(array_agg(k.place), array_agg(k.hash)) from (
        select 7340013 as place, pg_catalog.hashtext(martlet_data.address_key(v_address)) as hash
        union select martlet_data.opt_out_place(1000000000, unsuppress.channel, unsuppress.scope), pg_catalog.hashtext(martlet_data.address_key(v_address)) where unsuppress.scope is not null) k;
    update martlet_data.suppressions s set lifted_at = clock_timestamp(), lifted_by = session_user, lift_reason = why
        where s.address_key = martlet_data.address_key(v_address) and s.channel = unsuppress.channel and (unsuppress.scope is null or s.scope = unsuppress.scope) and s.lifted_at is null;
    get diagnostics v_count = row_count;
    insert into martlet_data.audit (action, object, why, detail) values ('unsuppress', martlet_data.mask(v_address), why, jsonb_build_object('channel', channel, 'scope', scope, 'lifted', v_count));
    return v_count;
end $$;

grant execute on function martlet.unsuppress(text, text, text, text) to martlet_admin;

-- Ends a transaction whose deletion of leased rows did not find exactly the rows it was made for.
create or replace function martlet_data.check_leases(p_found bigint, p_wanted bigint, p_found_ids bigint, p_wanted_ids bigint) returns void
    language plpgsql immutable parallel safe as $$
begin
    if p_found <> p_wanted or p_found_ids is distinct from p_wanted_ids then
        raise exception '% of % messages are no longer leased by this claim', p_wanted - p_found, p_wanted using errcode = 'MT901';
    end if;
end $$;

grant execute on function martlet_data.check_leases(bigint, bigint, bigint, bigint) to martlet_admin, martlet_worker;

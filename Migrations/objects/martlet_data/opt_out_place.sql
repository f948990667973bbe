-- What an opt-out of this scope concerns on a channel, as the first number of its lock; the second is the hash of address or person (OptOutKey in
-- Sources/Store/Admission/OpenOptOuts.swift). p_base: 1000000000 for suppressions, 1400000000 for consents.
create or replace function martlet_data.opt_out_place(p_base int, p_channel text, p_scope text) returns int
    language sql stable as $$
    select p_base + 10000 * coalesce((select c.id from martlet_data.channels c where c.name = p_channel), 0)
        + case p_scope when 'all' then 0 when 'all_except_otp' then 1 else 2 + coalesce((select c.id from martlet_data.classes c where c.name = p_scope), 9997) end $$;

-- What a person brings into a journey: the data of the event, and the address under its channel's name where the recipient key is one. The key of a person may be spelled
-- otherwise than the address that is written to.
create or replace function martlet_data.journey_data(p_recipient_key text, p_data jsonb) returns jsonb
    language sql immutable parallel safe as $$
    select case when left(p_recipient_key, 1) = '+' then jsonb_build_object('sms', p_recipient_key) when position('@' in p_recipient_key) > 1 then jsonb_build_object('email', p_recipient_key)
        else '{}' end || coalesce(p_data, '{}') $$;

-- What became of the messages when one of two providers could not be reached any more. :dark: when that was.
with accepted as (
    select r.message_id, r.provider, r.at
    from martlet.receipts r where r.kind = 'accepted' and r.provider like 'sandbox-sms%'),
twice as (select message_id from accepted group by message_id having count(*) > 1)
select format(E'\n  Blackout    at %s UTC, accepted before: %s by sandbox-sms, %s by sandbox-sms-2; after: %s by sandbox-sms, %s by sandbox-sms-2%s\n              accepted twice: %s',
    to_char(:'dark'::timestamptz at time zone 'UTC', 'HH24:MI:SS'),
    count(*) filter (where provider = 'sandbox-sms' and at < :'dark'), count(*) filter (where provider = 'sandbox-sms-2' and at < :'dark'),
    count(*) filter (where provider = 'sandbox-sms' and at >= :'dark'), count(*) filter (where provider = 'sandbox-sms-2' and at >= :'dark'),
    case when count(*) filter (where provider = 'sandbox-sms-2' and at >= :'dark') > 0 then ' (handed over before)' end,
    (select count(*) from twice))
from accepted;
-- Nothing is lost: what is neither accepted, ended for a reason, put off until a time, nor a dead letter is still on its way, and is named.
select format('              still on its way: %s, %s', s.state, count(*)) from martlet.message_status s
    where s.channel = 'sms' and s.state not in ('accepted', 'due', 'suppressed', 'capped', 'expired', 'dead', 'cancelled', 'delivered', 'undelivered') group by s.state;

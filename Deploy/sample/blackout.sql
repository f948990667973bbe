-- What became of the messages when one of two providers could not be reached any more. :dark: when that was.
with accepted as (
    select r.message_id, r.provider, r.at
    from martlet.receipts r where r.kind = 'accepted' and r.provider like 'sandbox-sms%'),
twice as (select message_id from accepted group by message_id having count(*) > 1),
lost as (
    select s.message_id from martlet.message_status s
    where s.channel = 'sms' and s.state not in ('accepted', 'due', 'suppressed', 'capped', 'expired', 'dead', 'cancelled'))
select format(E'\n  Blackout    before: %s by sandbox-sms, %s by sandbox-sms-2; after: %s by sandbox-sms, %s by sandbox-sms-2\n              accepted twice: %s; neither accepted, deferred for a reason, nor a dead letter: %s',
    count(*) filter (where provider = 'sandbox-sms' and at < :'dark'), count(*) filter (where provider = 'sandbox-sms-2' and at < :'dark'),
    count(*) filter (where provider = 'sandbox-sms' and at >= :'dark'), count(*) filter (where provider = 'sandbox-sms-2' and at >= :'dark'),
    (select count(*) from twice), (select count(*) from lost))
from accepted;

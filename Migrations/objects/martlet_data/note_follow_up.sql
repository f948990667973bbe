-- Each receipt that may matter, of a message that has one, in the receipt's own transaction. What is a failure (or might be: the decision looks
-- again) makes it due, what settles it ends it here. For all other messages an index probe that finds nothing.
create or replace function martlet_data.note_follow_up() returns trigger
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

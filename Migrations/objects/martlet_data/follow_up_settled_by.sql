-- Whether what a receipt says makes a follow-up needless.
create or replace function martlet_data.follow_up_settled_by(p_condition text, p_kind text) returns boolean
    language sql immutable parallel safe as $$
    select p_kind in ('cancelled', 'capped', 'discarded', 'clicked') or p_kind = 'opened' and p_condition <> 'not_clicked'
        or p_kind = 'delivered' and p_condition in ('undelivered', 'not_delivered') $$;

grant execute on function martlet_data.follow_up_settled_by(text, text) to martlet_gateway, martlet_worker;

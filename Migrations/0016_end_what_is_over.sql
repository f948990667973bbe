-- Why: retention reaches what it never did: cancellations, requeues, cap usage of people long gone, sessions.
-- Locks: cancellations, requeues and sessions against writers, for as long as their indexes take. Compatible: yes.
set local role martlet_owner;

create index cancellations_cancelled_at on martlet_data.cancellations (cancelled_at);
create index requeues_requeued_at on martlet_data.requeues (requeued_at);

grant delete on martlet_data.group_cancellations, martlet_data.requeues, martlet_data.cap_usage, martlet_data.sessions to martlet_worker;

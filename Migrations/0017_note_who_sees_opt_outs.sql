-- Why: an opt-out held one of 256 buckets until its transaction ended, so that opt-outs in an open transaction delayed messages to everybody else. Now it holds
--      what it concerns, and the bucket for a moment only (objects/martlet_data/hold_from_admit.sql). Workers of the version before look at buckets alone: while one
--      of them lives buckets are held to the end, as before.
-- Locks: ACCESS EXCLUSIVE on martlet_data.sessions, for a moment. Compatible: yes.
set local role martlet_owner;

alter table martlet_data.sessions add column sees_opt_outs boolean not null default false;
comment on column martlet_data.sessions.sees_opt_outs is 'Its Admit looks for what is being opted out of by itself, not by bucket.';

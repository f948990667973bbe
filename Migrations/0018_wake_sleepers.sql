-- Why: one worker of the cluster waits for messages. While it sleeps, an enqueue wakes it by NOTIFY; while it is awake, no enqueue does, because a commit
--      with NOTIFY takes a lock of the whole server.
-- Locks: none. Compatible: yes.
set local role martlet_owner;

create sequence martlet_data.sleeper as bigint minvalue 0 start 0;
comment on sequence martlet_data.sleeper is 'Milliseconds since 1970 until which a worker sleeps and wants NOTIFY martlet_ready; read and set outside of transactions.';
grant select on sequence martlet_data.sleeper to martlet_worker;

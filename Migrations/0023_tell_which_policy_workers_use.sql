-- Why: nobody could tell whether a worker had seen the newest policy, so what was requeued right after "config apply" died again by the old one. Now a session says
--      by which policy and templates it works, or why it cannot use the newest, and a worker tells of a provider that it cannot open.
-- Locks: ACCESS EXCLUSIVE on martlet_data.sessions and provider_health, for a moment. Compatible: yes; workers of the version before say nothing.
set local role martlet_owner;

alter table martlet_data.sessions add column policy_version int, add column templates text collate "C", add column policy_problem text;
comment on column martlet_data.sessions.policy_version is 'Works by this version of the policy; null: a worker of an older version does not say.';
comment on column martlet_data.sessions.templates is 'Works by these templates: martlet_data.template_stamp() when it read them.';
comment on column martlet_data.sessions.policy_problem is 'Why it cannot use the newest policy; null: nothing is wrong with that.';
grant update (policy_version, templates, policy_problem) on martlet_data.sessions to martlet_worker;

alter table martlet_data.provider_health drop constraint provider_health_circuit_check,
    add constraint provider_health_circuit_check check (circuit in ('closed', 'open', 'half_open', 'unusable'));
comment on column martlet_data.provider_health.circuit is 'unusable: the worker cannot open the provider; reason says why.';

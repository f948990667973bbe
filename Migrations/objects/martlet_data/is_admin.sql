-- A message belongs to the role that enqueued it; admins may act on all.
create or replace function martlet_data.is_admin() returns boolean
    language sql stable as $$ select pg_has_role(session_user, 'martlet_admin', 'member') $$;

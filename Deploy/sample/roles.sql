-- Who works in the demonstration: every program has the role that it needs and no other. As Migrations/README.md makes them.
create role shop login in role martlet_producer;
create role ann login in role martlet_admin;
create role dashboard login in role martlet_reader;
create role worker login in role martlet_worker;
create role gateway login in role martlet_gateway;
create schema shop authorization shop;
grant pg_monitor to ann; -- for martlet doctor

-- Who works in the demonstration: every program has the role that it needs and no other.
create role shop login in role martlet_producer;
create role worker login in role martlet_worker;
create role admin login in role martlet_admin;
create schema shop authorization shop;

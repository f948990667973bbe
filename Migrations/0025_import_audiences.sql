-- Why: people of campaigns come from files too (martlet-producer --audience): an import knows the list that it fills.
-- Locks: ACCESS EXCLUSIVE on martlet_data.imports, for a moment. Compatible: yes.
set local role martlet_owner;

alter table martlet_data.imports add column audience_id int;
comment on column martlet_data.imports.audience_id is 'The list that the file''s people go into; null: the file is of messages.';

-- What the developer of the app keeps about a user. The defaults stand for no id, no roles and an
-- empty object, so that no row is written anew.
alter table authkit_users add column external_id text collate "C" not null default '';
alter table authkit_users add column roles text collate "C" not null default 'null';
alter table authkit_users add column metadata bytea;
alter table authkit_users add column private_metadata bytea;
create unique index authkit_users_external on authkit_users (app_id, external_id) where external_id <> '';

-- The users of a role are listed newest first, as all users are, without reading the others. A row
-- is written and removed in the step that changes the roles of its user.
create table authkit_user_roles (
    app_id uuid not null,
    user_id uuid not null,
    role text collate "C" not null,
    created_at bigint not null,
    primary key (app_id, user_id, role),
    foreign key (app_id, user_id) references authkit_users (app_id, user_id) on delete cascade
);
create index authkit_user_roles_role on authkit_user_roles (role, app_id, created_at desc, user_id desc);

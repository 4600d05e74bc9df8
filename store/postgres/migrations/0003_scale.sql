-- The names of live apps are unique for each developer. Their table is led by the developer, so
-- that all others are led by the app. It is what a developer's apps are listed and counted by.
create table authkit_app_names (
    developer text collate "C" not null,
    name_key text collate "C" not null,
    app_id uuid not null,
    created_at bigint not null,
    primary key (developer, name_key)
);
create index authkit_app_names_created on authkit_app_names (developer, created_at desc, app_id desc);
insert into authkit_app_names (developer, name_key, app_id, created_at)
select developer, name_key, app_id, created_at from authkit_apps where deleted_at = 0;
drop index authkit_apps_name;
drop index authkit_apps_developer;

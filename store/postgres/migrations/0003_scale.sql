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
-- The drop locks the table, so that the copy after it sees every app.
drop index authkit_apps_name;
drop index authkit_apps_developer;
insert into authkit_app_names (developer, name_key, app_id, created_at)
select developer, name_key, app_id, created_at from authkit_apps where deleted_at = 0;

-- A session moves the end of its idle time, and a limit its arrival time, at each use. Upkeep finds
-- what is over by the quarter of a day or by the hour, so that such a use seldom changes an index.
-- A session that was ended is over with quarter 0.
alter table authkit_sessions add column over_quarter bigint generated always as
    (case when ended_at > 0 then 0 else least(idle_until, until_at) / 21600000000 end) stored;
create index authkit_sessions_over on authkit_sessions (over_quarter);
drop index authkit_sessions_expiry;
drop index authkit_sessions_until;
drop index authkit_sessions_ended;
alter table authkit_limits add column tat_hour bigint generated always as (tat / 3600000000) stored;
create index authkit_limits_over on authkit_limits (tat_hour);
drop index authkit_limits_expiry;

-- The next version of such a row fits on its page, where the server cleans up by itself.
alter table authkit_sessions set (fillfactor = 80);
alter table authkit_limits set (fillfactor = 70);
alter table authkit_users set (fillfactor = 90);

-- A server keeps the plan that it made for a statement while the table was empty, when every index
-- that has the app in front looks alike. So each index fits only the statements that need it: one
-- by the hash has the hash in front, and the others hold only the rows that are looked for by them.
-- That of a user's sessions is as narrow as the primary key: of two that look alike, the planner
-- takes the one with fewer levels. It has the user in front, so that no look-up by the app and
-- another column can use it.
drop index authkit_tokens_hash;
create unique index authkit_tokens_hash on authkit_tokens (hash, app_id, kind);
drop index authkit_tokens_user;
create index authkit_tokens_user on authkit_tokens (app_id, user_id) where user_id <> '00000000-0000-0000-0000-000000000000';
drop index authkit_users_name;
create index authkit_users_name on authkit_users (app_id, name_key) where name_key <> '';
drop index authkit_sessions_user;
create index authkit_sessions_user on authkit_sessions (user_id, app_id);

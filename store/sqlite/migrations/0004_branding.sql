-- The picture of an app is read by the pages that show it. The app itself, which every request reads,
-- has its hash.
alter table authkit_apps add column logo text not null default '';
create table authkit_logos (
    app_id text not null primary key,
    png blob
);

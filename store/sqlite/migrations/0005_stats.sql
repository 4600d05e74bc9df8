-- What happened in an app, by day since 1970. A kind is a sign-up, a sign-in by its method, a refusal
-- by its code, or the users who were active.
create table authkit_stats (
    app_id text not null,
    day bigint not null,
    kind text not null,
    name text not null,
    n bigint not null,
    primary key (app_id, day, kind, name)
) without rowid;
create index authkit_stats_over on authkit_stats (day);

-- The users who are counted among the active ones of a day. The day ends in a sum, so that its
-- users are removed soon after it.
create table authkit_active (
    app_id text not null,
    day bigint not null,
    user_id text not null,
    primary key (app_id, day, user_id)
);
create index authkit_active_over on authkit_active (day);

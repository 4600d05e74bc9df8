-- The host's own table. A user's id says nothing without its app, and a deleted user takes the
-- membership along.
create table if not exists members (
    app_id  text not null,
    user_id text not null,
    motto   text not null,
    primary key (app_id, user_id),
    foreign key (app_id, user_id) references authkit_users (app_id, user_id) on delete cascade
);

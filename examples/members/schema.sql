-- The host's own tables. They are made at each start, after authkit's, in one transaction.

-- Of several processes that start at once, one does this at a time.
select pg_advisory_xact_lock(hashtext('members'));

-- A member is a user of authkit with what this host knows about them. authkit's keys have two
-- parts: the same user id says nothing without its app. A deleted user takes the member along.
create table if not exists members (
    app_id  uuid not null,
    user_id uuid not null,
    plan    text not null default 'free',
    primary key (app_id, user_id),
    foreign key (app_id, user_id) references authkit_users (app_id, user_id) on delete cascade
);

create table if not exists orders (
    id      bigint generated always as identity primary key,
    app_id  uuid not null,
    user_id uuid not null,
    item    text not null,
    foreign key (app_id, user_id) references members (app_id, user_id) on delete cascade
);
create index if not exists orders_member on orders (app_id, user_id);

-- The trigger runs inside the statement that creates the user, however the user is created.
create or replace function members_join() returns trigger language plpgsql as $$
begin
    insert into members (app_id, user_id) values (new.app_id, new.user_id);
    return null;
end $$;
create or replace trigger members_join after insert on authkit_users
    for each row execute function members_join();

-- When an address is proven that an account never proved, authkit resets the account: another person
-- may have made it. What this host keeps of it goes in the same step, with the event that says so.
create or replace function members_reset() returns trigger language plpgsql as $$
begin
    delete from members where app_id = new.app_id and user_id = new.user_id;
    insert into members (app_id, user_id) values (new.app_id, new.user_id);
    return null;
end $$;
create or replace trigger members_reset after insert on authkit_events
    for each row when (new.type = 'user.reset') execute function members_reset();

-- Users from before the triggers. Making them waited for those who were just being created, and lets
-- no other begin until this transaction ends, so that none is missed.
insert into members (app_id, user_id) select app_id, user_id from authkit_users on conflict do nothing;

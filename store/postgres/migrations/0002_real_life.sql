-- Upkeep removes events by their age alone, in every app at once.
create index authkit_events_age on authkit_events (at);

-- A page of a developer's apps is read in the order in which it is shown.
create index authkit_apps_developer on authkit_apps (developer, created_at desc, app_id desc) where deleted_at = 0;

-- Led by app and kind, both keys of the table looked alike to a planner without statistics,
-- which then read every token of a kind to find those of one slot.
create unique index authkit_tokens_hash on authkit_tokens (app_id, hash, kind);
alter table authkit_tokens drop constraint authkit_tokens_app_id_kind_hash_key;

-- A session is held by a cookie or by a refresh token. The columns with 0 and 1 at the end
-- are about the token before the current one, and the one before that: when it was used
-- again in its grace, when its successor was replaced, how often, and under which key.
-- seen holds the latest idempotency keys, 16 digits of each hash.
alter table authkit_sessions add column cookie bytea;
alter table authkit_sessions add column again0 bigint not null default 0;
alter table authkit_sessions add column renewed0 bigint not null default 0;
alter table authkit_sessions add column renewals0 bigint not null default 0;
alter table authkit_sessions add column key0 bytea;
alter table authkit_sessions add column again1 bigint not null default 0;
alter table authkit_sessions add column renewed1 bigint not null default 0;
alter table authkit_sessions add column key1 bytea;
alter table authkit_sessions add column seen text collate "C" not null default '';
create unique index authkit_sessions_cookie on authkit_sessions (app_id, cookie) where cookie is not null;

-- The outbox takes turns between apps: which have due mail, and the earliest of each.
create index authkit_outbox_turn on authkit_outbox (app_id, due_at, mail_id, expires_at);
drop index authkit_outbox_due;

-- The API keys of an app are dead while its owner, a user of the console app, is disabled or gone.
alter table authkit_apps add column suspended bigint not null default 0;
update authkit_apps set suspended = 1 where developer like 'console:%' and not exists (
    select 1 from authkit_users u where u.app_id = '00000000-0000-7000-8000-000000000000'
    and u.user_id::text = substr(authkit_apps.developer, 9) and u.disabled = 0);

-- Secrets are noted before their first use, under the id of the console app, which every
-- deployment has. The row without an id is the one that a step locks.
create table authkit_secrets (
    app_id uuid not null,
    secret_id text collate "C" not null,
    retired bigint not null default 0,
    primary key (app_id, secret_id)
);
insert into authkit_secrets (app_id, secret_id)
select distinct '00000000-0000-7000-8000-000000000000'::uuid, encode(substr(sealed, 2, 8), 'hex')
from (select app_id, sealed from authkit_signing_keys union all select app_id, secret from authkit_oauth) s
where length(sealed) >= 49 and get_byte(sealed, 0) = 1
and exists (select 1 from authkit_apps a where a.app_id = s.app_id and a.deleted_at = 0);

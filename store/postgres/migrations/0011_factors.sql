-- The second factors of users, as bits, and when a session has proven one. The defaults stand for none,
-- so that no row is written anew.
alter table authkit_users add column factors bigint not null default 0;
alter table authkit_sessions add column mfa_at bigint not null default 0;

-- What is sealed of TOTP is found without reading other credentials.
create index authkit_credentials_totp on authkit_credentials (app_id, subject) where kind = 'totp';

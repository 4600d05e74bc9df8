-- Upkeep removes events by their age alone, in every app at once.
create index authkit_events_age on authkit_events (at);

-- A page of a developer's apps is read in the order in which it is shown.
create index authkit_apps_developer on authkit_apps (developer, created_at desc, app_id desc) where deleted_at = 0;

-- Led by app and kind, both keys of the table looked alike to a planner without statistics,
-- which then read every token of a kind to find those of one slot.
create unique index authkit_tokens_hash on authkit_tokens (app_id, hash, kind);
alter table authkit_tokens drop constraint authkit_tokens_app_id_kind_hash_key;

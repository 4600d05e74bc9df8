-- Upkeep removes events by their age alone, in every app at once.
create index authkit_events_age on authkit_events (at);

-- A page of a developer's apps is read in the order in which it is shown.
create index authkit_apps_developer on authkit_apps (developer, created_at desc, app_id desc) where deleted_at = 0;

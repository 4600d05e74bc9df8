-- Upkeep removes events by their age alone, in every app at once.
create index authkit_events_age on authkit_events (at);

-- Where the events of an app are sent to.
create table authkit_webhooks (
    app_id uuid not null,
    webhook_id uuid not null,
    url text collate "C" not null,
    types text collate "C" not null,
    enabled bigint not null,
    live bigint not null,
    secret bytea,
    version bigint not null,
    created_at bigint not null,
    primary key (app_id, webhook_id)
);

-- Events on their way to a webhook, and for a while those that have arrived. What waits is found by when
-- it is due, and what it waits for by the user. State 0 waits.
create table authkit_deliveries (
    app_id uuid not null,
    webhook_id uuid not null,
    delivery_id uuid not null,
    user_id uuid not null,
    seq bigint not null,
    type text collate "C" not null,
    event bytea,
    queued_at bigint not null,
    due_at bigint not null,
    attempts bigint not null,
    state bigint not null,
    expires_at bigint not null,
    tried_at bigint not null,
    status bigint not null,
    took bigint not null,
    primary key (app_id, webhook_id, delivery_id)
);
create index authkit_deliveries_due on authkit_deliveries (app_id, webhook_id, due_at) where state = 0;
create index authkit_deliveries_user on authkit_deliveries (app_id, webhook_id, user_id, seq) where state = 0;
create index authkit_deliveries_queued on authkit_deliveries (app_id, webhook_id, queued_at desc, delivery_id desc);
create index authkit_deliveries_expiry on authkit_deliveries (expires_at);

-- Why a request was refused, for the developer of the app. The order of the ids is that of time.
create table authkit_refusals (
    app_id uuid not null,
    request_id uuid not null,
    rule text collate "C" not null,
    received text collate "C" not null,
    allowed text collate "C" not null,
    setting text collate "C" not null,
    fix text collate "C" not null,
    expires_at bigint not null,
    primary key (app_id, request_id)
);
create index authkit_refusals_expiry on authkit_refusals (expires_at);

-- Why a request was refused, for the developer of the app. The order of the ids is that of time.
create table authkit_refusals (
    app_id text not null,
    request_id text not null,
    rule text not null,
    received text not null,
    allowed text not null,
    setting text not null,
    fix text not null,
    expires_at bigint not null,
    primary key (app_id, request_id)
);
create index authkit_refusals_expiry on authkit_refusals (expires_at);

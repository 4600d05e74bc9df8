-- Times are microseconds since 1970, 0 for none; booleans are 0 and 1; lists are JSON.
-- Every key begins with app_id, so that all tables but the first can be partitioned by it.

create table authkit_apps (
    app_id uuid not null primary key,
    developer text collate "C" not null,
    name text collate "C" not null,
    name_key text collate "C" not null,
    version bigint not null,
    settings text collate "C" not null,
    gen bigint not null default 0,
    created_at bigint not null,
    deleted_at bigint not null default 0
);
create unique index authkit_apps_name on authkit_apps (developer, name_key) where deleted_at = 0;
create index authkit_apps_deleted on authkit_apps (app_id) where deleted_at <> 0;

create table authkit_signing_keys (
    app_id uuid not null,
    seq bigint not null,
    kid text collate "C" not null,
    alg text collate "C" not null,
    public bytea,
    sealed bytea,
    from_at bigint not null,
    alone bigint not null,
    primary key (app_id, seq),
    unique (app_id, kid)
);

create table authkit_api_keys (
    app_id uuid not null,
    key_id uuid not null,
    name text collate "C" not null,
    hint text collate "C" not null,
    hash bytea not null,
    scopes text collate "C" not null,
    active bigint not null,
    created_at bigint not null,
    last_used_at bigint not null,
    expires_at bigint not null,
    primary key (app_id, key_id),
    unique (app_id, hash)
);

create table authkit_oauth (
    app_id uuid not null,
    provider text collate "C" not null,
    client_id text collate "C" not null,
    secret bytea,
    redirect_uri text collate "C" not null,
    scopes text collate "C" not null,
    issuer text collate "C" not null,
    trust_email bigint not null,
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null,
    primary key (app_id, provider)
);

create table authkit_users (
    app_id uuid not null,
    user_id uuid not null,
    email text collate "C" not null,
    email_typed text collate "C" not null,
    name text collate "C" not null,
    name_key text collate "C" not null,
    auth_method text collate "C" not null,
    verified bigint not null,
    disabled bigint not null,
    disabled_reason text collate "C" not null,
    version bigint not null,
    epoch bigint not null,
    last_login bigint not null,
    created_at bigint not null,
    primary key (app_id, user_id),
    unique (app_id, email)
);
create index authkit_users_created on authkit_users (app_id, created_at desc, user_id desc);
create index authkit_users_name on authkit_users (app_id, name_key);
create index authkit_users_method on authkit_users (app_id, auth_method, created_at desc, user_id desc);

create table authkit_credentials (
    app_id uuid not null,
    kind text collate "C" not null,
    subject text collate "C" not null,
    user_id uuid not null,
    data bytea,
    created_at bigint not null,
    primary key (app_id, kind, subject),
    foreign key (app_id, user_id) references authkit_users (app_id, user_id) on delete cascade
);
create index authkit_credentials_user on authkit_credentials (app_id, user_id);

create table authkit_tokens (
    app_id uuid not null,
    kind text collate "C" not null,
    slot text collate "C" not null,
    place bigint not null,
    hash bytea not null,
    binding bytea,
    proof bytea,
    user_id uuid not null,
    epoch bigint not null,
    data bytea,
    expires_at bigint not null,
    attempts bigint not null default 0,
    spent_at bigint not null default 0,
    primary key (app_id, kind, slot, place),
    unique (app_id, kind, hash)
);
create index authkit_tokens_user on authkit_tokens (app_id, user_id);
create index authkit_tokens_expiry on authkit_tokens (expires_at);

create table authkit_sessions (
    app_id uuid not null,
    session_id uuid not null,
    user_id uuid not null,
    epoch bigint not null,
    family bytea,
    cur bytea,
    prev0 bytea,
    sealed0 bytea,
    rotated0 bigint not null default 0,
    prev1 bytea,
    sealed1 bytea,
    rotated1 bigint not null default 0,
    auth_time bigint not null,
    created_at bigint not null,
    last_used_at bigint not null,
    idle_until bigint not null,
    until_at bigint not null,
    ended_at bigint not null default 0,
    amr text collate "C" not null,
    user_agent text collate "C" not null,
    ip text collate "C" not null,
    primary key (app_id, session_id),
    unique (app_id, family),
    foreign key (app_id, user_id) references authkit_users (app_id, user_id) on delete cascade
);
create index authkit_sessions_user on authkit_sessions (app_id, user_id, created_at);
create index authkit_sessions_expiry on authkit_sessions (idle_until);
create index authkit_sessions_until on authkit_sessions (until_at);
create index authkit_sessions_ended on authkit_sessions (ended_at);

create table authkit_limits (
    app_id uuid not null,
    limit_key text collate "C" not null,
    tat bigint not null,
    primary key (app_id, limit_key)
);
create index authkit_limits_expiry on authkit_limits (tat);

create table authkit_outbox (
    app_id uuid not null,
    mail_id uuid not null,
    sealed bytea,
    due_at bigint not null,
    expires_at bigint not null,
    attempts bigint not null,
    primary key (app_id, mail_id)
);
create index authkit_outbox_due on authkit_outbox (due_at);
create index authkit_outbox_expiry on authkit_outbox (expires_at);

create table authkit_events (
    app_id uuid not null,
    event_id uuid not null,
    user_id uuid not null,
    at bigint not null,
    type text collate "C" not null,
    actor text collate "C" not null,
    ip text collate "C" not null,
    result text collate "C" not null,
    reason text collate "C" not null,
    request_id text collate "C" not null,
    detail bytea,
    primary key (app_id, event_id)
);
create index authkit_events_at on authkit_events (app_id, at desc, event_id desc);
create index authkit_events_user on authkit_events (app_id, user_id, at desc);

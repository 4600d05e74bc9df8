-- The events of an app are chained in links. A link holds the ids of its events, in order, each with
-- the beginning of a digest of the event, and a hash of all that came before. The events stay as they
-- are: what no link holds yet is named here.
create table authkit_audit_pending (
    app_id text not null,
    event_id text not null,
    primary key (app_id, event_id)
);
insert into authkit_audit_pending (app_id, event_id)
select e.app_id, e.event_id from authkit_events e
where exists (select 1 from authkit_apps a where a.app_id = e.app_id and a.deleted_at = 0);
create table authkit_audit_links (
    app_id text not null,
    seq bigint not null,
    entries blob not null,
    last_at bigint not null,
    hash blob not null,
    primary key (app_id, seq)
);
-- The beginning and the end of each chain, sealed.
create table authkit_audit_chains (
    app_id text not null primary key,
    next_seq bigint not null,
    hash blob not null,
    first_seq bigint not null,
    first_hash blob not null,
    oldest_at bigint not null,
    linked_at bigint not null,
    seal blob not null
);
-- Events are removed with their link.
drop index authkit_events_age;

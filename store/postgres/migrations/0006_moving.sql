-- The kinds of password hashes that an import has brought stand with the app, which every request reads.
alter table authkit_apps add column foreign_hashes text collate "C" not null default 'null';

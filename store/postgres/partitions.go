package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/authkit-dev/authkit/internal/migrate"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// ErrLayout says that tables which are there already have another number of partitions.
var ErrLayout = errors.New("the number of partitions of a table cannot be changed in place: migrate an empty schema with that number, then copy the rows, as docs/scaling.md says")

// A MigrateOption changes a default of [Migrate] or [Pending].
type MigrateOption func(*layout)

// layout is how tables are created.
type layout struct{ partitions int } // 0: as the tables are that are there; plain ones on an empty schema

// mostPartitions bounds the locks that one migration takes on a server with default settings.
const mostPartitions = 64

// Partitions makes [Migrate] create every table of an empty schema with n hash partitions by
// its first column: the app, or the developer for the names of apps. n is from 2 to 64. Where
// tables are there with another number, both functions fail with [ErrLayout]. Later migrations
// keep the number, without this option too. The table authkit_migrations is never partitioned.
func Partitions(n int) MigrateOption { return func(l *layout) { l.partitions = n } }

// layoutOf checks the options against the tables that are there.
func layoutOf(ctx context.Context, q sqlstore.Reader, options []MigrateOption) (layout, error) {
	l := layout{}
	for _, set := range options {
		set(&l)
		if l.partitions < 2 || l.partitions > mostPartitions {
			return l, fmt.Errorf("%d partitions: give a number from 2 to %d", l.partitions, mostPartitions)
		}
	}
	made, have := false, int64(0)
	err := q.Rows(ctx, `select (select count(*) from pg_inherits i where i.inhparent = c.oid) from pg_class c where c.oid = to_regclass('authkit_apps')`, func(r sqlstore.Row) error {
		made = true
		return r.Scan(&have)
	})
	switch {
	case err != nil || !made:
		return l, err
	case l.partitions != 0 && l.partitions != int(have):
		return l, fmt.Errorf("the tables have %d partitions, not %d: %w", have, l.partitions, ErrLayout)
	}
	return layout{int(have)}, nil
}

// rewriting returns what migrate.Run does with each statement of a migration. It is decided in the
// transaction of that migration, since another process may have created the tables meanwhile.
func rewriting(options []MigrateOption) migrate.Rewriting {
	return func(ctx context.Context, q sqlstore.Tx) (func(string) []string, error) {
		l, err := layoutOf(ctx, q, options)
		if err != nil || l.partitions == 0 {
			return nil, err
		}
		return l.rewrite, nil
	}
}

var (
	creates  = regexp.MustCompile(`(?is)^((?:\s*--[^\n]*\n)*\s*create table\s+(authkit_\w+)\s*\(\s*(\w+)\b.*\))\s*(with\s*\([^()]*\))?$`)
	settings = regexp.MustCompile(`(?is)^(?:\s*--[^\n]*\n)*\s*alter table\s+(authkit_\w+)\s+((?:re)?set\s*\([^()]*\))$`)
)

// rewrite returns the statements that do for partitioned tables what stmt does for plain ones.
// Storage parameters belong to the partitions; the server itself passes on all that is changed in
// a partitioned table otherwise. The index authkit_apps_name, which is not led by the app, cannot
// be unique; the migration that adds authkit_app_names drops it before there is an app.
func (l layout) rewrite(stmt string) []string {
	stmt = strings.TrimRight(stmt, " \t\r\n;")
	if m := creates.FindStringSubmatch(stmt); m != nil {
		out := []string{m[1] + " partition by hash (" + m[3] + ")"}
		for i := range l.partitions {
			out = append(out, fmt.Sprintf("create table %s_%d partition of %s for values with (modulus %d, remainder %d) %s", m[2], i, m[2], l.partitions, i, m[4]))
		}
		return out
	}
	if m := settings.FindStringSubmatch(stmt); m != nil {
		var out []string
		for i := range l.partitions {
			out = append(out, fmt.Sprintf("alter table %s_%d %s", m[1], i, m[2]))
		}
		return out
	}
	return []string{strings.Replace(stmt, "create unique index authkit_apps_name ", "create index authkit_apps_name ", 1)}
}

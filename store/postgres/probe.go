package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/migrate"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

var _ authkit.Prober = (*Store)(nil)

// durable lists what makes a commit last, with the values that do.
var durable = map[string][]string{
	"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"},
}

// Probe implements [authkit.Prober]: it looks at the migrations, and at the settings of the server
// that make a commit last.
func (s *Store) Probe(ctx context.Context) ([]authkit.Finding, error) {
	found, err := migrate.Probe(ctx, s.conn, Migrations())
	if err != nil {
		return found, err
	}
	var bad []string
	err = s.conn.Rows(ctx, `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`, func(r sqlstore.Row) error {
		var name, setting string
		if err := r.Scan(&name, &setting); err != nil {
			return err
		}
		if !slices.Contains(durable[name], setting) {
			bad = append(bad, name+" is "+setting)
		}
		return nil
	})
	if err != nil {
		return found, fmt.Errorf("postgres: read the settings of the server: %w", err)
	}
	if len(bad) > 0 {
		found = append(found, authkit.NewFinding(authkit.FindingStoreNotDurable, "On the server "+strings.Join(bad, ", ")+"."))
	}
	return found, nil
}

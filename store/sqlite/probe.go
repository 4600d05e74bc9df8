package sqlite

import (
	"context"
	"fmt"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/migrate"
)

var _ authkit.Prober = (*Store)(nil)

// walMost is how many pages may stay in the -wal file when no commit is under way: 16 MiB, as
// many as 16 checkpoints move that the commits of [Open] bring about.
const walMost = 16 * walPages

// Probe implements [authkit.Prober]: it looks at the migrations, and whether what stands in the
// -wal file can be moved into the database file.
func (s *Store) Probe(ctx context.Context) ([]authkit.Finding, error) {
	found, err := migrate.Probe(ctx, s.conn, Migrations())
	if err != nil {
		return found, err
	}
	var held, all, moved int
	if err := s.conn.db.QueryRowContext(ctx, "pragma wal_checkpoint(NOOP)").Scan(&held, &all, &moved); err != nil {
		if busy(err) {
			return found, nil // another connection moves them just now
		}
		return found, fmt.Errorf("sqlite: checkpoint: %w", err)
	}
	if left := all - moved; left > walMost {
		found = append(found, authkit.NewFinding(authkit.FindingWALGrows, fmt.Sprintf("%d pages stay in the -wal file after a checkpoint; a connection has been reading since before they were written.", left)))
	}
	return found, nil
}

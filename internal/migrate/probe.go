package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// Probe finds what is wrong with the tables, for [authkit.Prober]. It changes nothing.
func Probe(ctx context.Context, c sqlstore.Conn, files fs.FS) ([]authkit.Finding, error) {
	names, err := Pending(ctx, c, files)
	if found, ok := Finding(names, err); ok {
		return []authkit.Finding{found}, nil
	}
	return nil, err
}

// Finding returns what an answer of Pending means; ok is false if that is no finding.
func Finding(names []string, err error) (found authkit.Finding, ok bool) {
	switch {
	case errors.Is(err, ErrNewer):
		return authkit.NewFinding(authkit.FindingSchemaNewer, fmt.Sprintf("The store has a migration that this program lacks: %v.", err)), true
	case errors.Is(err, ErrChecksum):
		return authkit.NewFinding(authkit.FindingSchemaChanged, fmt.Sprintf("The store has another migration than this program: %v.", err)), true
	case err == nil && len(names) > 0:
		return authkit.NewFinding(authkit.FindingSchemaPending, "These migrations are pending: "+strings.Join(names, ", ")+"."), true
	}
	return found, false
}

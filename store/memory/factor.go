package memory

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// The kinds of the credentials of factors that a store tells apart.
const (
	passkeyKind = "passkey"
	totpKind    = "totp"
)

// PasskeysElsewhere implements [authkit.FactorStore].
func (s *Store) PasskeysElsewhere(ctx context.Context, app uuid.UUID, rpID string) (found bool, err error) {
	err = s.in(ctx, app, func(t *tenant) error {
		for at := range t.subjects {
			found = found || at.kind == passkeyKind && !strings.HasPrefix(at.name, rpID+" ")
		}
		return nil
	})
	return found, err
}

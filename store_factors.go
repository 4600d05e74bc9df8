package authkit

import (
	"context"

	"github.com/google/uuid"
)

// FactorStore answers for the passkeys of all users of an app. The passkeys and second factors of one
// user are credentials, which [UserStore] keeps.
type FactorStore interface {
	// PasskeysElsewhere reports whether the app has a credential of the kind "passkey" whose Subject
	// does not begin with rpID and a space: a passkey of another relying party.
	PasskeysElsewhere(ctx context.Context, app uuid.UUID, rpID string) (bool, error)
}

// Factors are the kinds of factors, beside a password, that a user has.
type Factors uint8

// The factors.
const (
	FactorTOTP    Factors = 1 << iota // codes of an authenticator app
	FactorPasskey                     // at least one passkey
)

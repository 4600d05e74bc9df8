package authkit

import (
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
)

// totpAAD returns the associated data of what is sealed of a user's TOTP. Sealed under that, it opens
// for no other user.
func totpAAD(app, user uuid.UUID) []byte {
	return seal.AAD("totp", app.String(), user.String())
}

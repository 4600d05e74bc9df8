package authkit

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// The sizes of ids and of secrets, in bytes.
const (
	idSize  = 16
	macSize = 32
)

// bindingOf derives the binding of one challenge or flow from a browser's secret. So one cookie
// serves any number of them, and a binding reveals nothing of the secret.
func bindingOf(browser []byte, app uuid.UUID, id []byte) string {
	mac := hmac.New(sha256.New, browser)
	mac.Write([]byte("authkit binding"))
	mac.Write(app[:])
	mac.Write(id)
	return token.Encode(mac.Sum(slices.Clone(id)))
}

// bindingID returns the id of the challenge that a binding belongs to.
func bindingID(binding string) ([]byte, bool) {
	raw, ok := token.Decode(binding, idSize+macSize)
	if !ok {
		return nil, false
	}
	return raw[:idSize], true
}

// sameText compares secrets in constant time.
func sameText(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

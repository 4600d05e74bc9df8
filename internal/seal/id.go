package seal

import (
	"encoding/hex"
	"slices"
	"strings"
)

// HeadSize is the size of the head of a blob, which names the secret that sealed it.
const HeadSize = 1 + idSize

// ID returns a name for a secret. The name reveals nothing about the secret: HKDF derives it
// under a label of its own.
func ID(secret []byte) (string, error) {
	k, err := newKey(secret)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(k.id[:]), nil
}

// IDs returns the names of the secrets in the ring, newest first.
func (r *Ring) IDs() []string {
	out := make([]string, len(r.keys))
	for i, k := range r.keys {
		out[i] = hex.EncodeToString(k.id[:])
	}
	return out
}

// SealedBy returns the name of the secret with which a blob of Seal claims to be sealed. The
// head of the blob is enough. It reports false if that is not such a blob.
func SealedBy(head []byte) (string, bool) {
	if len(head) < HeadSize || head[0] != version {
		return "", false
	}
	return hex.EncodeToString(head[1:HeadSize]), true
}

// MissingError says that secrets are missing from a ring. It is an [ErrUnknownKey].
type MissingError struct{ IDs []string }

// Error names the missing secrets.
func (e *MissingError) Error() string {
	return strings.Join(slices.Concat([]string{"seal: missing secret"}, e.IDs), " ")
}

// Is reports whether target is [ErrUnknownKey].
func (e *MissingError) Is(target error) bool { return target == ErrUnknownKey }

package seal

import (
	"encoding/hex"
	"slices"
	"strings"
)

// HeadSize is how much of a blob names the secret that sealed it.
const HeadSize = 1 + idSize

// ID names a secret. It tells nothing of the secret: it is derived from it by HKDF, under a
// label of its own.
func ID(secret []byte) (string, error) {
	k, err := newKey(secret)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(k.id[:]), nil
}

// IDs names the secrets of the ring, newest first.
func (r *Ring) IDs() []string {
	out := make([]string, len(r.keys))
	for i, k := range r.keys {
		out[i] = hex.EncodeToString(k.id[:])
	}
	return out
}

// SealedBy names the secret that a blob of Seal, or its head, says it was sealed with; false:
// it is no such blob.
func SealedBy(head []byte) (string, bool) {
	if len(head) < HeadSize || head[0] != version {
		return "", false
	}
	return hex.EncodeToString(head[1:HeadSize]), true
}

// MissingError says that secrets are missing from a ring. It is an [ErrUnknownKey].
type MissingError struct{ IDs []string }

// Error names them.
func (e *MissingError) Error() string {
	return strings.Join(slices.Concat([]string{"seal: missing secret"}, e.IDs), " ")
}

// Is makes it an [ErrUnknownKey].
func (e *MissingError) Is(target error) bool { return target == ErrUnknownKey }

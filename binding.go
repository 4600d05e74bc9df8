package authkit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

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

// The sizes of what follows a binding in the text that an asker gets, in bytes.
const (
	expirySize = 8
	tagSize    = 16
)

// answeredBinding returns the binding of a challenge as its asker gets it: with the time at which the
// challenge expires, and a MAC. So the engine knows each binding that it answered with, and when
// that one expired, once the store has forgotten the challenge.
func (k *tokens) answeredBinding(app uuid.UUID, kind TokenKind, binding string, expires time.Time) string {
	until := binary.BigEndian.AppendUint64(nil, uint64(expires.Unix())) //nolint:gosec // a time after 1970
	tag := k.ring.MAC(bindingLabel, app[:], []byte(kind), []byte(binding), until)[:tagSize]
	return binding + token.Encode(append(until, tag...))
}

const bindingLabel = "answered binding"

// askerBinding is a binding that the engine answered with.
type askerBinding struct {
	hash    []byte    // as the store has it
	id      []byte    // of the challenge
	expires time.Time // the zero time: not known
}

// readBinding reads what answeredBinding wrote, and the binding alone, as it was answered before. A
// binding of another app or kind, or one that was not answered, has no id. wellFormed is false if a
// text has neither form.
func (k *tokens) readBinding(app uuid.UUID, kind TokenKind, text string) (b askerBinding, wellFormed bool) {
	if raw, alone := token.Decode(text, idSize+macSize); alone {
		return askerBinding{hash: token.Hash([]byte(text)), id: raw[:idSize]}, true
	}
	raw, wellFormed := token.Decode(text, idSize+macSize+expirySize+tagSize)
	if !wellFormed {
		return askerBinding{}, false
	}
	until, tag := raw[idSize+macSize:len(raw)-tagSize], raw[len(raw)-tagSize:]
	binding := token.Encode(raw[:idSize+macSize])
	if !k.ring.CheckShortMAC(bindingLabel, tag, app[:], []byte(kind), []byte(binding), until) {
		return askerBinding{}, true
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(until)), 0).UTC() //nolint:gosec // a time that answeredBinding wrote
	return askerBinding{token.Hash([]byte(binding)), raw[:idSize], expires}, true
}

// sameText compares secrets in constant time.
func sameText(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

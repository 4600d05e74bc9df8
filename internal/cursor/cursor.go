// Package cursor spells a position in a list for the client that pages through it.
//
//	text := cursor.Encode(ring, []byte("users?disabled=true"), cursor.Position{Time: at, ID: id})
//	position, ok := cursor.Decode(ring, []byte("users?disabled=true"), text)
//
// A cursor is authenticated and bound to its list: a client can neither make one up nor use
// that of one list on another. It is not secret: the client can read time and id in it.
package cursor

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	label = "cursor"

	positionSize = 8 + 16 // microseconds, id
	size         = positionSize + sha256.Size
)

// Key makes and checks HMACs of SHA-256; a seal.Ring is one.
type Key interface {
	MAC(label string, parts ...[]byte) []byte
	CheckMAC(label string, sum []byte, parts ...[]byte) bool
}

// Position is after the row of that time and id. The time counts by microseconds.
type Position struct {
	Time time.Time
	ID   uuid.UUID
}

// Encode spells a position of a list. The list's name covers all that selects its rows.
func Encode(key Key, list []byte, p Position) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(p.Time.UnixMicro()))
	raw = append(raw, p.ID[:]...)
	return token.Encode(slices.Concat(raw, key.MAC(label, raw, list)))
}

// Decode reads what Encode wrote for the same list. It reports false for any other text.
func Decode(key Key, list []byte, text string) (Position, bool) {
	raw, ok := token.Decode(text, size)
	if !ok || !key.CheckMAC(label, raw[positionSize:], raw[:positionSize], list) {
		return Position{}, false
	}
	at := int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // what Encode wrote
	return Position{Time: time.UnixMicro(at).UTC(), ID: uuid.UUID(raw[8:positionSize])}, true
}

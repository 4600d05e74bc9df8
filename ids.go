package authkit

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// newID makes a UUID of version 7 with the time now, which is the store's (RFC 9562, section
// 5.7).
func newID(now time.Time) uuid.UUID { return idFrom(now, token.Random(10)) }

// idFrom is newID with random bytes, of which it takes ten.
func idFrom(now time.Time, random []byte) uuid.UUID {
	b := append(make([]byte, 6, 16), random[:10]...)
	ms := now.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i) & 0xff)
	}
	b[6] = 0x70 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f
	return uuid.UUID(b)
}

package authkit

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// newID makes a UUID of version 7 with the time now, which is the store's (RFC 9562, section
// 5.7).
func newID(now time.Time) uuid.UUID {
	b := token.Random(16)
	ms := now.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i) & 0xff)
	}
	b[6] = 0x70 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f
	return uuid.UUID(b)
}

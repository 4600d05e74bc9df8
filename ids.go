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

// eventID makes the id of the n-th event of a step, from 0 on. Events take their positions in the order of
// their ids: in one millisecond, that of the steps counts, by their microseconds, and then that of n (RFC
// 9562, section 6.2, methods 3 and 1).
func eventID(now time.Time, n int) uuid.UUID {
	const mostN = 1<<6 - 1
	id := newID(now)
	us := now.Nanosecond() / 1000 % 1000
	id[6], id[7] = 0x70|byte(us>>6), byte(us<<2) //nolint:gosec // ten bits
	id[8] = 0x80 | byte(min(n, mostN))           //nolint:gosec // six bits
	return id
}

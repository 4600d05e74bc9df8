package testclock

import (
	"time"
	"unsafe"
)

// Set returns t as a clock shows it that was set by d, which has whole seconds: the time on the
// wall moves, and the monotonic reading, which t has to have, does not. [time.Time.Add] moves both.
func Set(t time.Time, d time.Duration) time.Time {
	// The first field of such a Time has 30 bits of nanoseconds and, above them, 33 of seconds.
	*(*uint64)(unsafe.Pointer(&t)) += uint64(d/time.Second) << 30 //nolint:gosec // package time has no way to do it
	return t
}

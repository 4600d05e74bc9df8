package authkit

import "time"

// aged is a value with the time at which it was read.
type aged[V any] struct {
	value V
	at    time.Time
}

package authkittest

import (
	"context"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testclock"
)

// Clock is a time that only its test moves. It is safe for concurrent use.
type Clock struct{ clock *testclock.Clock }

// newClock starts every clock at the same time, so that each run of a test sees the same.
func newClock() *Clock {
	return &Clock{testclock.At(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))}
}

// Now returns 2030-01-02 03:04:05 UTC plus each duration that the clock was advanced by.
func (c *Clock) Now() time.Time { return c.clock.Now() }

// Advance moves the clock; a negative duration moves it back.
func (c *Clock) Advance(d time.Duration) { c.clock.Advance(d) }

// Timed returns the store with now as its clock. An Engine goes by the clock of its store, and
// no test can move the clock of a database. Of a volatile store an Engine does not use the time,
// and Timed returns it unchanged.
func Timed(store authkit.Store, now func() time.Time) authkit.Store {
	if store == nil || store.Volatile() {
		return store
	}
	return timed{store, now}
}

type timed struct {
	authkit.Store

	now func() time.Time
}

// Ping asks the store, too, so that it fails if the store is out of reach.
func (t timed) Ping(ctx context.Context) (time.Time, error) {
	_, err := t.Store.Ping(ctx)
	return t.now(), err
}

// Unwrap returns the store, so that [authkit.Engine.Check] finds what it offers beside the contract.
func (t timed) Unwrap() authkit.Store { return t.Store }

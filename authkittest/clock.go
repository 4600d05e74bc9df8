package authkittest

import (
	"context"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testclock"
)

// Clock is a time that only its test moves. It is safe for concurrent use.
type Clock struct{ clock *testclock.Clock }

// newClock starts every clock at the same time, so that what a test sees is the same on
// every run.
func newClock() *Clock {
	return &Clock{testclock.At(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))}
}

// Now is the time: 2030-01-02 03:04:05 UTC, and all that it was advanced since.
func (c *Clock) Now() time.Time { return c.clock.Now() }

// Advance moves the clock; a negative duration moves it back.
func (c *Clock) Advance(d time.Duration) { c.clock.Advance(d) }

// Timed returns the store with a clock that is now. An Engine goes by the clock of its store,
// and a database has one that no test can move; what keeps its data in memory has none, and
// is returned as it is.
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

// Ping asks the store, so that one that is out of reach still fails.
func (t timed) Ping(ctx context.Context) (time.Time, error) {
	_, err := t.Store.Ping(ctx)
	return t.now(), err
}

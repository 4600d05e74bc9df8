// Package testclock is a clock for tests, which stands still until the test moves it.
package testclock

import (
	"sync"
	"time"
)

// Clock is a time that only its test moves. It is safe for concurrent use. The zero Clock
// stands at the zero time.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// At returns a clock that stands at a time.
func At(at time.Time) *Clock { return &Clock{at: at} }

// Now returns the time that the clock stands at.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock; a negative duration moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

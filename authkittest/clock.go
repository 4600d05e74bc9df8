package authkittest

import (
	"sync"
	"time"
)

// Clock is a time that only its test moves. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// newClock starts every clock at the same time, so that what a test sees is the same on
// every run.
func newClock() *Clock { return &Clock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

// Now is the time: 2030-01-02 03:04:05 UTC, and all that it was advanced since.
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

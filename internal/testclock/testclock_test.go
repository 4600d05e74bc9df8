package testclock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/testclock"
)

func TestClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	c := testclock.At(start)
	var moving sync.WaitGroup
	for range 60 {
		moving.Go(func() { c.Advance(time.Second) })
	}
	moving.Wait()
	if got := c.Now(); !got.Equal(start.Add(time.Minute)) {
		t.Errorf("after 60 seconds: got %v, want a minute later", got)
	}
	c.Advance(-2 * time.Minute)
	if got := c.Now(); !got.Equal(start.Add(-time.Minute)) {
		t.Errorf("moved back: got %v, want a minute earlier", got)
	}
}

func TestSetMovesTheWallAlone(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, by := range []time.Duration{time.Hour, -time.Minute, 0} {
		got := testclock.Set(now, by)
		if wall := got.Round(0).Sub(now.Round(0)); wall != by {
			t.Errorf("set by %v: the wall moved by %v", by, wall)
		}
		if passed := got.Sub(now); passed != 0 {
			t.Errorf("set by %v: %v passed, want 0", by, passed)
		}
	}
}

package authkit

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/testclock"
)

// pinged is a store whose clock is right. It counts how often it was asked.
type pinged struct {
	Upkeep

	n int
}

func (p *pinged) Ping(context.Context) (time.Time, error) {
	p.n++
	return time.Now().UTC(), nil
}

func TestAClockThatIsSetIsMeasuredAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by   time.Duration
		want int // measurements, the first included
	}{
		"a step forward":             {30 * time.Second, 2},
		"a step back":                {-30 * time.Second, 2},
		"a minute back":              {-time.Minute, 2},
		"an hour forward":            {time.Hour, 2},
		"a clock that goes on right": {0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, by := &pinged{}, time.Duration(0)
			clock := newStoreClock(func() time.Time { return testclock.Set(time.Now(), by) }, store, false, slog.New(slog.DiscardHandler))
			for range 2 {
				if err := clock.measureIfDue(t.Context()); err != nil {
					t.Fatal(err)
				}
				by = c.by
			}
			if store.n != c.want {
				t.Errorf("got %d measurements, want %d", store.n, c.want)
			}
			if off := time.Until(clock.now()); off.Abs() > time.Second {
				t.Errorf("after the clock was set by %v: got a time %v off the store's, want the store's", c.by, off)
			}
		})
	}
}

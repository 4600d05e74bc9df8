package authkit

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/authkit-dev/authkit/internal/coalesce"
)

const (
	// maxSkew is how much the clock of a process may differ from the store's. Beyond it the
	// process is not ready: others judge its tokens by their own clocks.
	maxSkew = 30 * time.Second

	// warnSkew is how much they may differ without a warning in the log.
	warnSkew = 5 * time.Second

	// measureEvery is how often Run compares the clocks, and maxStep how far a clock may have been
	// set, forward or back, before Run compares them at once.
	measureEvery = time.Minute
	maxStep      = time.Second

	// readyTimeout is how long [Engine.Ready] waits for the store.
	readyTimeout = 2 * time.Second
)

// storeClock returns the time of the store: the clock of the process plus the offset that was
// measured last. Every limit, grace and expiry is judged by it, so that the processes over one
// store agree whatever their own clocks show. It is safe for concurrent use.
type storeClock struct {
	own      func() time.Time
	store    Upkeep
	volatile bool // the store is in this process and uses its clock
	log      *slog.Logger

	offset   atomic.Int64              // nanoseconds to add to own
	measured atomic.Pointer[time.Time] // when it was measured last, by own; nil: never
	asking   coalesce.Group[struct{}, struct{}]
}

func newStoreClock(own func() time.Time, store Upkeep, volatile bool, log *slog.Logger) *storeClock {
	return &storeClock{own: own, store: store, volatile: volatile, log: log}
}

// now returns the time of the store, at the precision that stores keep.
func (c *storeClock) now() time.Time {
	return c.own().Add(c.skew()).UTC().Truncate(time.Microsecond)
}

// skew returns how far the store's clock is ahead of the process's own.
func (c *storeClock) skew() time.Duration { return time.Duration(c.offset.Load()) }

// measure asks the store for its time. The store read its clock somewhere between the question
// and the answer, so that an offset within that uncertainty does not replace the current one.
func (c *storeClock) measure(ctx context.Context) error {
	before := c.own()
	at, err := c.store.Ping(ctx)
	if err != nil {
		return fmt.Errorf("ping the store: %w", err)
	}
	if c.volatile {
		return nil
	}
	after := c.own()
	within := after.Sub(before).Abs() / 2
	offset := at.Sub(before.Add(within))
	if (offset - c.skew()).Abs() > within {
		c.offset.Store(int64(offset))
	}
	c.measured.Store(&after)
	if skew := c.skew(); skew.Abs() > warnSkew {
		c.log.WarnContext(ctx, "the store's clock differs from the clock of this process", slog.Duration("skew", skew))
	}
	return nil
}

// measureIfDue measures if the last measurement is a minute old, or if the process's clock was set
// since then. Until then, a refresh token that is sent again to this process and to another could
// seem older than its grace, which ends the session.
func (c *storeClock) measureIfDue(ctx context.Context) error {
	if c.volatile {
		return nil
	}
	if last := c.measured.Load(); last != nil {
		now := c.own()
		shown := now.Round(0).Sub(last.Round(0)) // by the clock on the wall
		passed := now.Sub(*last)                 // by the monotonic clock, if own has one
		if shown.Abs() < measureEvery && (shown-passed).Abs() < maxStep {
			return nil
		}
	}
	return c.measure(ctx)
}

// ready measures. Concurrent callers share one measurement, so that any number of them does not
// load the store. It fails while the store cannot write, or if the clocks differ by more than
// maxSkew.
func (c *storeClock) ready(ctx context.Context) error {
	_, err := c.asking.Do(ctx, struct{}{}, readyTimeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.measure(ctx)
	})
	if err != nil {
		return err
	}
	if skew := c.skew(); skew.Abs() > maxSkew {
		return fmt.Errorf("the store's clock is %v off, more than %v", skew, maxSkew)
	}
	return nil
}

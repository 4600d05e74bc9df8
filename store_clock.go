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
	// maxSkew is how far the clock of a process may be from the store's. Beyond it the
	// process is not ready: others judge its tokens by clocks of their own.
	maxSkew = 30 * time.Second

	// saySkew is how far it may be without a line in the log.
	warnSkew = 5 * time.Second

	// measureEvery is how often Run compares the clocks.
	measureEvery = time.Minute

	// readyTimeout is how long [Engine.Ready] waits for the store.
	readyTimeout = 2 * time.Second
)

// storeClock is the time of the store: the clock of the process, moved by the offset that
// was measured last. Every limit, grace and end is judged by it, so that processes over one
// store agree whatever their own clocks say. It is safe for concurrent use.
type storeClock struct {
	own      func() time.Time
	store    Upkeep
	volatile bool // the store is in this process, and has no other clock
	log      *slog.Logger

	offset   atomic.Int64 // nanoseconds to add to own
	measured atomic.Int64 // when, by own, in nanoseconds since 1970
	asking   coalesce.Group[struct{}, struct{}]
}

func newStoreClock(own func() time.Time, store Upkeep, volatile bool, log *slog.Logger) *storeClock {
	return &storeClock{own: own, store: store, volatile: volatile, log: log}
}

// now is the store's time, at the precision that stores keep.
func (c *storeClock) now() time.Time {
	return c.own().Add(c.skew()).UTC().Truncate(time.Microsecond)
}

// skew is how far the store's clock is ahead of the process's own.
func (c *storeClock) skew() time.Duration { return time.Duration(c.offset.Load()) }

// measure asks the store for its time. The answer was made between the question and its
// arrival; an offset that lies within that is no evidence of another one.
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
	c.measured.Store(after.UnixNano())
	if skew := c.skew(); skew.Abs() > warnSkew {
		c.log.WarnContext(ctx, "the store's clock differs", slog.Duration("skew", skew))
	}
	return nil
}

// measureIfDue measures if the last time was a minute ago.
func (c *storeClock) measureIfDue(ctx context.Context) error {
	if c.volatile || time.Duration(c.own().UnixNano()-c.measured.Load()).Abs() < measureEvery {
		return nil
	}
	return c.measure(ctx)
}

// ready measures; callers at the same time share the answer, so that no number of them
// keeps the store busy. It fails while the store cannot write or the clocks are too far
// apart.
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

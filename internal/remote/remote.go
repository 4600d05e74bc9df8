// Package remote keeps a copy of a value that another machine holds. It fetches the value when
// it is first needed and again when the copy is no longer fresh. The copy keeps working while
// its source is in trouble.
package remote

import (
	"context"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/coalesce"
)

// Copy is a copy of one value. All callers that wait for it share one fetch, which goes on if a
// caller leaves. It is safe for concurrent use. Its fields must be set before the first use.
type Copy[V any] struct {
	// Fetch returns the value and how long it is fresh.
	Fetch func(context.Context) (V, time.Duration, error)

	Failed func(error) // gets the error of each fetch, even a panic; may be nil

	Now      func() time.Time
	Limit    time.Duration // of one fetch
	KeepFor  time.Duration // an older copy is not used, whatever state the source is in
	Cooldown time.Duration // between fetches for something that the copy lacks
	Retry    time.Duration // after a fetch that failed

	mu      sync.Mutex
	value   V
	fetched time.Time     // when the fetch of the copy began; zero: never
	fresh   time.Duration // how long after that it is not fetched again
	asked   time.Time     // when it was last fetched for something that it lacks

	flight *coalesce.Flight[fetched[V]] // in progress; may be nil
	failed error                        // the error of the last fetch
	tried  time.Time                    // when that fetch failed
}

type fetched[V any] struct {
	value V
	fresh time.Duration
}

// Leeway is how far a clock may be set back without a new fetch.
const Leeway = 60 * time.Second

// Find returns the copy, after a fetch if one is due, and reports whether has accepts it. A nil
// has accepts every copy. A fetch is due if the copy is not fresh, or if has does not accept
// it; for the second reason at most one is made in each Cooldown. An error means that the
// answer is not known.
func (c *Copy[V]) Find(ctx context.Context, has func(V) bool) (V, bool, error) {
	if has == nil {
		has = func(V) bool { return true }
	}
	var none V
	if flight := c.refresh(ctx, has); flight != nil {
		if _, err := flight.Wait(ctx); err != nil && ctx.Err() != nil {
			return none, false, ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case passed(c.fetched, c.Now(), c.KeepFor):
		return none, false, c.failed
	case has(c.value):
		return c.value, true, nil
	case c.failed != nil: // the source may have it by now
		return none, false, c.failed
	}
	return c.value, false, nil
}

// refresh starts a fetch if one is due. It returns the fetch that the caller must wait for, or
// nil if the copy at hand is good enough: if has accepts it and it is fresh, or if has accepts
// it while the source is in trouble. In the second case the fetch runs in the background.
func (c *Copy[V]) refresh(ctx context.Context, has func(V) bool) *coalesce.Flight[fetched[V]] {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	known := !c.fetched.IsZero() && has(c.value)
	old := passed(c.fetched, now, c.fresh)
	switch {
	case c.flight != nil:
	case old && (c.failed == nil || passed(c.tried, now, c.Retry) || now.Before(c.tried)):
		c.start(ctx, now)
	case !old && !known && passed(c.asked, now, c.Cooldown):
		c.asked = now
		c.start(ctx, now)
	}
	troubled := c.failed != nil && !passed(c.fetched, now, c.KeepFor)
	if known && (!old || troubled) {
		return nil
	}
	return c.flight
}

func (c *Copy[V]) start(ctx context.Context, now time.Time) {
	c.flight = coalesce.Start(ctx, c.Limit, func(ctx context.Context) (fetched[V], error) {
		value, fresh, err := c.Fetch(ctx)
		return fetched[V]{value, fresh}, err
	}, func(got fetched[V], err error) {
		if err != nil && c.Failed != nil {
			c.Failed(err)
		}
		c.store(got, now, err)
	})
}

// store keeps the value of a fetch. A fetch that failed leaves the copy unchanged.
func (c *Copy[V]) store(got fetched[V], began time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight, c.failed = nil, err
	if err != nil {
		c.tried = c.Now()
		return
	}
	c.value, c.fetched, c.fresh = got.value, began, got.fresh
}

// passed reports whether d has gone by since a time. A time well in the future means that the
// clock was set back. Then the time that has gone by is unknown, and passed reports true.
func passed(since, now time.Time, d time.Duration) bool {
	age := now.Sub(since)
	return age >= d || age < -Leeway
}

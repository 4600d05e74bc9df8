// Package remote keeps a copy of what stands at another machine: it is fetched when it is
// first needed, is fresh for a while, and goes on working while its source is in trouble.
package remote

import (
	"context"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/coalesce"
)

// Copy is a copy of one value. All who wait for it share one fetch, which no caller ends by
// leaving. It is safe for concurrent use; its fields are set before the first use.
type Copy[V any] struct {
	// Fetch answers the value and how long it is fresh.
	Fetch func(context.Context) (V, time.Duration, error)

	Failed func(error) // gets the error of each fetch, a panic included; may be nil

	Now      func() time.Time
	Limit    time.Duration // of one fetch
	KeepFor  time.Duration // an older copy is none, whatever state the source is in
	Cooldown time.Duration // between fetches because of something that the copy lacks
	Retry    time.Duration // after a fetch that failed

	mu      sync.Mutex
	value   V
	fetched time.Time     // when the copy was asked for; zero: never
	fresh   time.Duration // how long since then it is not asked for again
	asked   time.Time     // when something that it lacks last had it fetched

	flight *coalesce.Flight[fetched[V]] // under way; nil: none is
	failed error                        // of the last fetch
	tried  time.Time                    // when it failed
}

type fetched[V any] struct {
	value V
	fresh time.Duration
}

// Leeway is how far back a clock may be set without a copy being fetched again.
const Leeway = 60 * time.Second

// Find answers the copy, after a fetch if one is due, and whether has reports that it has what
// is looked for; a nil has takes any. A fetch is due where the copy is not fresh, or where it
// lacks what is looked for, though for that no more often than Cooldown. An error means that
// it cannot be told.
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

// refresh starts a fetch if one is due, and answers the one that is worth waiting for. That is
// none for a copy that has what is looked for and is fresh, nor while the source is in
// trouble: then the copy at hand does, and the fetch runs beside.
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
		c.land(got, now, err)
	})
}

// land keeps what a fetch brought; a failed one leaves the copy as it is.
func (c *Copy[V]) land(got fetched[V], began time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight, c.failed = nil, err
	if err != nil {
		c.tried = c.Now()
		return
	}
	c.value, c.fetched, c.fresh = got.value, began, got.fresh
}

// passed reports whether so much time has gone by. A time well in the future means that the
// clock was set back: then how much has gone by is unknown.
func passed(since, now time.Time, d time.Duration) bool {
	age := now.Sub(since)
	return age >= d || age < -Leeway
}

package main

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"syscall"
	"time"
)

// mostHealing is how long after a promotion a process may take to serve again, in a long form.
const mostHealing = 5 * time.Second

// failover is a storm at two processes over a primary and its synchronous standby.
type failover struct {
	w        *world
	r        *result
	pair     *pair
	children []*child
	storm    *storm
	patience time.Duration // of the store
	longest  time.Duration // way back
}

// failOver kills the primary and promotes the standby, again and again. Before every other time the
// standby hangs for a while, as long as calls are cut, or until the primary is gone.
func failOver(ctx context.Context, w *world, r *result) error {
	f := &failover{w: w, r: r, patience: time.Second}
	if w.long {
		f.patience = 5 * time.Second // the default
	}
	if err := f.begin(ctx); err != nil {
		return err
	}
	rounds := w.of(2, 10)
	for i := range rounds {
		if err := f.round(ctx, i); err != nil {
			return err
		}
		if i == rounds-1 {
			break
		}
		if err := f.pair.attach(ctx); err != nil {
			return err
		}
	}
	f.storm.stop()
	r.notef("%d promotions, the longest way back after one: %v", rounds, f.longest.Round(time.Millisecond))
	return f.storm.check(ctx)
}

func (f *failover) begin(ctx context.Context) (err error) {
	if f.pair, err = newPair(ctx, f.w); err != nil {
		return err
	}
	for range 2 {
		c, err := f.w.child(ctx, spec{Store: f.pair.dsn(), Mail: f.w.post.url, Patience: f.patience})
		if err != nil {
			return err
		}
		f.children = append(f.children, c)
	}
	var turn atomic.Int64
	f.storm, err = newStorm(ctx, f.w, f.r, f.children[0], func() *client {
		return f.children[turn.Add(1)%int64(len(f.children))].client()
	})
	if err == nil {
		f.storm.lossy = true
		f.storm.start(ctx, 1)
	}
	return err
}

func (f *failover) round(ctx context.Context, i int) error {
	if err := f.written(ctx, int64(f.w.of(60, 200))); err != nil {
		return err
	}
	hangs := i%2 == 1
	if hangs {
		if err := f.hang(ctx, i%4 == 1); err != nil {
			return err
		}
	} else if err := f.pair.fail(ctx); err != nil {
		return err
	}
	promoted := time.Now()
	for _, c := range f.children {
		if _, err := healed(ctx, c); err != nil {
			return err
		}
		if err := f.storm.signUpOnce(ctx, c.client); err != nil {
			return err
		}
	}
	took := time.Since(promoted)
	f.longest = max(f.longest, took)
	if f.w.long && took > mostHealing {
		f.r.brokef("promotion %d: served again after %v, want at most %v", i, took, mostHealing)
	}
	return f.storm.sample(ctx, 20)
}

// hang cuts the standby off for longer than a call may take. Then either the primary dies
// meanwhile, with all that did not reach the standby, or the standby comes back first.
func (f *failover) hang(ctx context.Context, dies bool) error {
	if dies {
		if _, err := f.pair.part(ctx); err != nil {
			return err
		}
		time.Sleep(2 * f.patience)
		return f.pair.fail(ctx)
	}
	if err := f.pair.standby.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(2 * f.patience)
	if err := f.pair.standby.signal(syscall.SIGCONT); err != nil {
		return err
	}
	for _, c := range f.children {
		if _, err := healed(ctx, c); err != nil {
			return fmt.Errorf("after the standby went on: %w", err)
		}
	}
	if err := f.written(ctx, 20); err != nil {
		return err
	}
	return f.pair.fail(ctx)
}

// written waits until n more writes were acknowledged, and a moment more.
func (f *failover) written(ctx context.Context, n int64) error {
	until := time.Now().Add(readyPatience)
	for enough := f.storm.acked.Load() + n; f.storm.acked.Load() < enough; {
		if ctx.Err() != nil || time.Now().After(until) {
			return fmt.Errorf("%d writes were not acknowledged within %v", n, readyPatience)
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(mathrand.IntN(50)) * time.Millisecond) //nolint:gosec // nothing depends on it
	return nil
}

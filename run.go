package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/internal/thinlog"
)

const (
	runEvery = time.Second

	// mailPause lets the answer to a request leave before its mail is worked on: that takes
	// longer for an address which is known, and would show where a processor is shared.
	mailPause = 10 * time.Millisecond
	sweepMax  = 1000

	// eventAge is how long an event is kept: a year, and time to look back on it.
	eventAge = 400 * day
)

// Run does the work that no request waits for, until ctx ends: it sends mail, notes when
// API keys were last used, makes signing keys that are due, tells hooks what has happened
// and removes what is expired.
// Any number of processes may run it at once; without it no mail is
// sent, and links in mail that waits expire. It returns nil; what fails is logged and tried
// again, and a panic of the host's code (a Mailer, a template, a hook, an Observer) is a failure
// like any other. A mail that is on its way when ctx ends is given five seconds more to arrive
// and be noted.
func (e *Engine) Run(ctx context.Context) error {
	defer e.outbox.began()()
	var telling sync.WaitGroup
	telling.Go(func() { e.hooks.runAfter(ctx) })
	defer telling.Wait()
	log := thinlog.New(e.cfg.Logger, e.now)
	tick := time.NewTicker(runEvery)
	defer tick.Stop()
	for {
		more, err := e.runStep(ctx)
		if err != nil && ctx.Err() == nil {
			log.Line(ctx, slog.LevelError, "background work", "background work", slog.Any("error", err))
		}
		if more && err == nil && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-e.outbox.wake:
			if !sleep(ctx, mailPause) {
				return nil
			}
		}
	}
}

// sleep waits; false: ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// RunOnce does once what [Engine.Run] does over and over: for tests and for cron. Mail that
// was due when it was called has been tried when it returns, also what another call in this
// process was sending.
func (e *Engine) RunOnce(ctx context.Context) error {
	e.hooks.callPendingAfter(ctx)
	more, err := e.runStep(ctx)
	for more {
		var swept error
		more, swept = sweep(ctx, e.store, e.now())
		err = errors.Join(err, swept)
	}
	return err
}

// runStep does all there is to do but for the sweep, which it only takes a step further:
// what a large app leaves behind takes minutes to remove, and mail does not wait for it.
func (e *Engine) runStep(ctx context.Context) (more bool, err error) {
	for _, part := range []func(context.Context) error{e.store.clock.measureIfDue, e.secrets.checkRetired, e.outbox.deliver, e.keys.flush, e.rotateDue} {
		err = errors.Join(err, panics.Catch(func() error { return part(ctx) }))
	}
	more, swept := sweep(ctx, e.store, e.now())
	return more, errors.Join(err, swept)
}

// sweep takes the removal of what is over one step further. more reports whether another step
// may have work.
func sweep(ctx context.Context, store Upkeep, now time.Time) (more bool, err error) {
	err = panics.Catch(func() (err error) {
		more, err = store.Sweep(ctx, now, now.Add(-eventAge), sweepMax)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("sweep: %w", err)
	}
	return more, nil
}

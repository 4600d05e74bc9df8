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

	// mailPause is how long Run waits before it works on new mail, so that the answer to the
	// request leaves first. The work takes longer for a known address, which would show where
	// both share a processor.
	mailPause = 10 * time.Millisecond
	sweepMax  = 1000

	// eventAge is how long an event is kept: a year, and five weeks to look back on it.
	eventAge = 400 * day
)

// Run does the background work until ctx ends: it sends mail, notes when API keys were last used,
// makes signing keys that are due, calls Hooks.After and removes expired data. Any number of
// processes may run it at once. Without it no mail is sent, and the links in waiting mail expire.
// It returns nil. A failure is logged and the work is tried again; a panic of the host's code (a
// Mailer, a template, a hook, an Observer) is a failure like any other. A mail that is being sent
// when ctx ends has five seconds more to arrive and be noted.
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

// sleep waits for d; false: ctx ended first.
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

// RunOnce does once what [Engine.Run] does repeatedly: for tests and for cron. Mail that was due
// when it was called has been tried when it returns, including mail that another call in this
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

// runStep does all the work that is due, but only one step of the sweep: the data that a large
// app leaves takes minutes to remove, and mail does not wait for it.
func (e *Engine) runStep(ctx context.Context) (more bool, err error) {
	for _, part := range []func(context.Context) error{e.store.clock.measureIfDue, e.secrets.checkRetired, e.outbox.deliver, e.keys.flush, e.rotateDue} {
		err = errors.Join(err, panics.Catch(func() error { return part(ctx) }))
	}
	more, swept := sweep(ctx, e.store, e.now())
	return more, errors.Join(err, swept)
}

// sweep removes one batch of expired data. more reports whether another batch may remain.
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

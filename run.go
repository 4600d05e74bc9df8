package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/internal/thinlog"
)

const (
	// runEvery is how often Run looks for due work that this process need not know of. The times
	// of all looks are spread by up to a quarter, so that many processes do not look at once.
	runEvery = time.Second

	// sweepEvery is how often Run looks for expired data once it has found no more.
	sweepEvery = 16 * time.Second

	// mailPause is how long Run waits before it works on new mail, so that the answer to the
	// request leaves first. The work takes longer for a known address, which would show where
	// both share a processor.
	mailPause = 10 * time.Millisecond
	sweepMax  = 1000

	// lastFlush bounds the write of the last refused attempts and counts when Run ends.
	lastFlush = 5 * time.Second
)

// Run does the background work until ctx ends: it sends mail, notes when API keys were last used,
// writes refused attempts and what [Engine.Stats] counts, makes signing keys that are due, calls
// Hooks.After and removes expired data. Any number of processes may run it at once. Without it no
// mail is sent, and the links in waiting mail expire. It returns nil. A failure is logged and the
// work is tried again; a panic of the host's code (a Mailer, a template, a hook, an Observer) is a
// failure like any other. When ctx ends, a mail that is being sent has five seconds more to arrive
// and be noted, and so have refused attempts and counts to be written.
//
// New mail is sent at once. Mail of a process without Run, mail that is due again, and new mail
// while the Mailer fails at all mail waits 1.25 seconds at most before a Run finds it. Expired
// data is removed within a minute: no answer ever depends on that.
func (e *Engine) Run(ctx context.Context) error {
	defer e.outbox.began()()
	b := background{e, thinlog.New(e.cfg.Logger, e.now)}
	var beside sync.WaitGroup
	beside.Go(func() { e.hooks.runAfter(ctx) })
	beside.Go(func() { b.upkeep(ctx) })
	beside.Go(func() { b.sendWebhooks(ctx) })
	b.sendMail(ctx)
	beside.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	b.note(last, each(last, e.hooks.stats.flush, e.http.explanations.flush, e.hooks.refusals.flush))
	return nil
}

// background is the work of one Run.
type background struct {
	e   *Engine
	log *thinlog.Logger
}

// note logs a failure, unless Run is to stop.
func (b background) note(ctx context.Context, err error) {
	if err == nil || ctx.Err() == nil {
		b.e.hooks.meter.worked(err, b.e.now())
	}
	if err != nil && ctx.Err() == nil {
		b.log.Line(ctx, slog.LevelError, "background work", "background work", slog.Any("error", err))
	}
}

// sendMail delivers new mail, and looks for other mail that is due.
func (b background) sendMail(ctx context.Context) {
	for ctx.Err() == nil {
		b.note(ctx, each(ctx, b.e.outbox.deliver))
		look := time.NewTimer(spread(runEvery))
		select {
		case <-ctx.Done():
		case <-look.C:
		case <-b.e.outbox.news():
			sleep(ctx, mailPause)
		}
		look.Stop()
	}
}

// sendWebhooks sends what waits for webhooks. When Run has to stop, it waits for what is being sent,
// which the end of ctx breaks off.
func (b background) sendWebhooks(ctx context.Context) {
	for ctx.Err() == nil {
		b.note(ctx, each(ctx, b.e.courier.look))
		sleep(ctx, spread(runEvery))
	}
	b.e.courier.turns.wait()
}

// upkeep does all other work. The data that a large app leaves takes minutes to remove: the rest
// of the work is done between its batches.
func (b background) upkeep(ctx context.Context) {
	var sweepAt time.Time
	for ctx.Err() == nil {
		b.note(ctx, each(ctx, append(b.e.chores(), b.e.hooks.stats.flushIfDue, b.e.http.explanations.flushIfDue)...))
		if now := time.Now(); !now.Before(sweepAt) {
			more, err := sweep(ctx, b.e.store, b.e.now())
			b.note(ctx, err)
			if more {
				continue
			}
			sweepAt = now.Add(spread(sweepEvery))
		}
		sleep(ctx, spread(runEvery))
	}
}

// chores are the parts of the work that cost the store nothing as long as there is none.
func (e *Engine) chores() []func(context.Context) error {
	return []func(context.Context) error{e.store.clock.measureIfDue, e.secrets.checkRetired, e.keys.flush, e.rotateDue, e.hooks.refusals.flush, e.audit.link, e.audit.keep}
}

// each does all parts, whatever fails.
func each(ctx context.Context, parts ...func(context.Context) error) (err error) {
	for _, part := range parts {
		err = errors.Join(err, panics.Catch(func() error { return part(ctx) }))
	}
	return err
}

// spread returns a time of about d, a quarter more or less.
func spread(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2) //nolint:gosec // not a secret
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// RunOnce does once what [Engine.Run] does repeatedly: for tests and for cron. Mail that was due
// when it was called has been tried when it returns, including mail that another call in this
// process was sending.
func (e *Engine) RunOnce(ctx context.Context) error {
	e.hooks.callPendingAfter(ctx)
	err := each(ctx, append(e.chores(), e.hooks.stats.flush, e.http.explanations.flush, e.outbox.deliver, e.courier.deliver)...)
	for more := true; more; {
		var swept error
		more, swept = sweep(ctx, e.store, e.now())
		err = errors.Join(err, swept)
	}
	e.hooks.meter.worked(err, e.now())
	return err
}

// sweep removes one batch of expired data. more reports whether another batch may remain.
func sweep(ctx context.Context, store Upkeep, now time.Time) (more bool, err error) {
	err = panics.Catch(func() (err error) {
		more, err = store.Sweep(ctx, now, sweepMax)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("sweep: %w", err)
	}
	return more, nil
}

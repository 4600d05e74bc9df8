package authkit_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

// process returns an engine of another process over the store of a world, with the world's clock.
func (w *world) process(store authkit.Store, m mail.Mailer, change ...func(*authkit.Config)) *authkit.Engine {
	w.t.Helper()
	c := authkit.Config{
		Store: store, BaseURL: base, Mailer: m, Secrets: [][]byte{make([]byte, 32)}, Now: w.clock.Now, Limits: authkit.LimitConfig{InsecureOff: true},
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&c)
	}
	e, err := authkit.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// One process dies with the mails that it has claimed. The other two send all mail.
func TestThreeProcessesSendEachMailOnce(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w, apps := tenants(t, 3, func(c *authkit.Config) {
			store = authkittest.Timed(store, c.Now)
			c.Store, c.Secrets = store, [][]byte{make([]byte, 32)}
		})
		second := mail.NewOutbox()
		doomed := storetest.NewFaulty(store)
		last := &postman{now: time.Now, does: func(context.Context) error {
			doomed.FailAlways(true) // no call of it arrives from now on
			return errors.New("killed")
		}}
		engines := []*authkit.Engine{w.engine, w.process(store, second), w.process(doomed, last)}
		w.flood(apps, 60)
		if err := engines[2].RunOnce(t.Context()); err == nil || len(last.letters()) == 0 {
			t.Errorf("the process that dies: got %v and %d mails begun, want an error and some", err, len(last.letters()))
		}
		for range 3 {
			var all sync.WaitGroup
			for _, e := range engines {
				all.Go(func() { _ = e.RunOnce(t.Context()) })
			}
			all.Wait()
			w.clock.Advance(61 * time.Second) // the claims of the dead process are over
		}
		got := map[string]int{}
		for _, m := range append(w.outbox.Messages(), second.Messages()...) {
			got[m.To]++
		}
		for to, n := range got {
			if n != 1 {
				t.Errorf("mails to %s: got %d, want 1", to, n)
			}
		}
		if len(got) != 180 {
			t.Errorf("addresses that got mail: got %d, want 180", len(got))
		}
	})
}

// A process sends by an app as it remembers it, and another process has changed that app.
func TestMailIsDecidedByTheAppAsItIsNow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(ctx context.Context, other *authkit.Engine, app authkit.AppRef) error
		want   int
	}{
		"nothing has changed": {func(context.Context, *authkit.Engine, authkit.AppRef) error { return nil }, 1},
		"sign-up was closed": {func(ctx context.Context, other *authkit.Engine, app authkit.AppRef) error {
			_, err := other.ChangeApp(ctx, app, authkit.AppPatch{SignupClosed: new(true)})
			return err
		}, 0},
		"the app was deleted": {func(ctx context.Context, other *authkit.Engine, app authkit.AppRef) error {
			return other.DeleteApp(ctx, app)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			w, apps := tenants(t, 1, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
			w.askIn(apps[0], "ann@example.com") // an address that no account has
			if _, err := w.engine.App(t.Context(), apps[0]); err != nil {
				t.Fatal(err)
			}
			if err := c.change(t.Context(), w.process(store, mail.NewOutbox()), authkit.AppRef{Developer: "attacker", ID: apps[0]}); err != nil {
				t.Fatal(err)
			}
			w.runOnce()
			if got := len(w.mails()); got != c.want {
				t.Errorf("mails to the address: got %d, want %d", got, c.want)
			}
		})
	}
}

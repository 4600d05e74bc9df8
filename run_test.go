package authkit_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

func TestUseOfAKeyIsNotedOnceTheStoreIsBack(t *testing.T) {
	t.Parallel()
	faulty := storetest.NewFaulty(memory.New())
	w := setup(t, func(c *authkit.Config) { c.Store = faulty })
	used := w.clock.Now()
	if _, err := w.engine.CheckAPIKey(t.Context(), w.key); err != nil {
		t.Fatal(err)
	}
	faulty.FailAlways(true)
	if err := w.engine.RunOnce(t.Context()); err == nil {
		t.Error("RunOnce on a silent store: got nil, want an error")
	}
	faulty.FailAlways(false)
	w.clock.Advance(time.Second)
	if err := w.engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := w.engine.APIKeys(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID})
	if err != nil || len(keys) != 1 || !keys[0].LastUsedAt.Equal(used) {
		t.Errorf("keys: got %+v, %v, want one last used at %v", keys, err, used)
	}
}

// sweeping is a store that always has more to sweep.
type sweeping struct {
	authkit.Store

	began func()
}

func (s sweeping) Sweep(ctx context.Context, _ time.Time, _ int) (bool, error) {
	s.began()
	return true, ctx.Err()
}

// posted receives each mail.
type posted chan mail.Message

func (p posted) Send(_ context.Context, m mail.Message) error {
	p <- m
	return nil
}

func TestMailDoesNotWaitForASweep(t *testing.T) {
	t.Parallel()
	sweeps, post := make(chan struct{}), make(posted, 1)
	w := setup(t, func(c *authkit.Config) {
		c.Store, c.Mailer = sweeping{memory.New(), sync.OnceFunc(func() { close(sweeps) })}, post
	})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = w.engine.Run(ctx) })
	defer wg.Wait()
	defer stop()
	<-sweeps
	if _, err := w.engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: w.app.ID, Email: "ann@example.com"}); err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-post:
		if m.To != "ann@example.com" {
			t.Errorf("mail: got one to %s, want one to ann@example.com", m.To)
		}
	case <-time.After(20 * time.Second):
		t.Error("got no mail beside a sweep, want one")
	}
}

func TestMailIsWorkedOnAfterTheAnswerHasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &postman{does: func(context.Context) error { return nil }}
		w, stop := inBubble(t, p)
		defer stop()
		time.Sleep(300 * time.Millisecond) // of the bubble's clock, between two ticks of Run
		w.ask("ann@example.com")
		synctest.Wait()
		if n := len(p.letters()); n != 0 {
			t.Errorf("Send: got %d calls, want none at the time of the answer", n)
		}
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		if n := len(p.letters()); n != 1 {
			t.Errorf("Send: got %d calls, want 1 soon after", n)
		}
	})
}

// Events are kept for 400 days. Then Run removes them, within an hour.
func TestEventsAreKeptFor400Days(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
		events := func() int {
			list, err := store.Events(t.Context(), w.app.ID, authkit.EventQuery{Page: authkit.Page{Limit: 500}})
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		w.signUp("ann@example.com")
		before := events()
		w.clock.Advance(400 * 24 * time.Hour)
		w.runOnce()
		if got := events(); got != before || before == 0 {
			t.Errorf("events after 400 days: got %d, want the %d there were", got, before)
		}
		w.clock.Advance(time.Hour)
		w.runOnce()
		if got := events(); got != 0 {
			t.Errorf("events later: got %d, want none", got)
		}
	})
}

// idling is a store that counts the calls which an idle Run could make, as if it had a clock of its own.
type idling struct {
	authkit.Store

	claims, sweeps, others atomic.Int64
}

func (c *idling) Volatile() bool { return false }

func (c *idling) ClaimMail(ctx context.Context, claim authkit.MailClaim) ([]authkit.Mail, error) {
	c.claims.Add(1)
	return c.Store.ClaimMail(ctx, claim)
}

func (c *idling) Sweep(ctx context.Context, now time.Time, most int) (bool, error) {
	c.sweeps.Add(1)
	return c.Store.Sweep(ctx, now, most)
}

func (c *idling) Ping(ctx context.Context) (time.Time, error) {
	c.others.Add(1)
	return c.Store.Ping(ctx)
}

func (c *idling) Secrets(ctx context.Context) ([]authkit.SecretNote, error) {
	c.others.Add(1)
	return c.Store.Secrets(ctx)
}

func (c *idling) SettleMail(ctx context.Context, mails []authkit.Settled) error {
	c.others.Add(1)
	return c.Store.SettleMail(ctx, mails)
}

func (c *idling) TouchAPIKeys(ctx context.Context, app uuid.UUID, used map[uuid.UUID]time.Time) error {
	c.others.Add(1)
	return c.Store.TouchAPIKeys(ctx, app, used)
}

func TestAnIdleRunHardlyCallsTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &idling{Store: memory.New()}
		w, stop := inBubble(t, &postman{does: func(context.Context) error { return nil }}, func(c *authkit.Config) {
			c.Store, c.Secrets = store, [][]byte{make([]byte, 32)}
		})
		time.Sleep(time.Minute) // of the bubble's clock
		w.ask("ann@example.com")
		time.Sleep(time.Minute)
		synctest.Wait()
		store.claims.Store(0)
		store.sweeps.Store(0)
		store.others.Store(0)
		const minutes = 60
		time.Sleep(minutes * time.Minute)
		synctest.Wait()
		stop()
		for name, c := range map[string]struct {
			got              int64
			least, most, per int64
		}{
			"looks for mail":  {store.claims.Load(), 48, 80, minutes},
			"looks to sweep":  {store.sweeps.Load(), 3, 5, minutes},
			"all other calls": {store.others.Load(), 1, 2, minutes},
		} {
			if c.got < c.least*c.per || c.got > c.most*c.per {
				t.Errorf("%s in an idle hour: got %d, want %d to %d a minute", name, c.got, c.least, c.most)
			}
		}
	})
}

// A process without Run queues the mail.
func TestMailOfAnotherProcessIsFoundInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, secret := memory.New(), func(c *authkit.Config) { c.Secrets = [][]byte{make([]byte, 32)} }
		p := &postman{does: func(context.Context) error { return nil }}
		w, stop := inBubble(t, p, secret, func(c *authkit.Config) { c.Store = store })
		defer stop()
		other, err := authkit.New(authkit.Config{Store: store, BaseURL: base, Mailer: mail.NewOutbox(), Secrets: [][]byte{make([]byte, 32)}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			time.Sleep(time.Duration(i) * 77 * time.Millisecond) // at any time between two looks
			queued := time.Now()
			if _, err := other.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: w.app.ID, Email: fmt.Sprintf("u%d@example.com", i)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1250 * time.Millisecond) // the bound that the comment of Run states
			synctest.Wait()
			if n := len(p.letters()); n != i+1 {
				t.Fatalf("mails %v after the %dth was queued: got %d, want it sent", time.Since(queued), i+1, n)
			}
		}
	})
}

func TestExpiredDataIsRemovedWithinAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &idling{Store: memory.New()}
		_, stop := inBubble(t, &postman{does: func(context.Context) error { return nil }}, func(c *authkit.Config) {
			c.Store, c.Secrets = store, [][]byte{make([]byte, 32)}
		})
		defer stop()
		for range 20 {
			before := store.sweeps.Load()
			time.Sleep(time.Minute)
			synctest.Wait()
			if store.sweeps.Load() == before {
				t.Fatal("sweeps in a minute: got none, want one at least")
			}
		}
	})
}

package authkit_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

func (s sweeping) Sweep(ctx context.Context, _, _ time.Time, _ int) (bool, error) {
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

// Events are kept for 400 days. Then Run removes them.
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
		w.clock.Advance(time.Microsecond)
		w.runOnce()
		if got := events(); got != 0 {
			t.Errorf("events later: got %d, want none", got)
		}
	})
}

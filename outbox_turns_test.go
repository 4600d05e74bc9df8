package authkit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// tenants returns a world with many apps of the host, all of which queue mail.
func tenants(t *testing.T, n int, change ...func(*authkit.Config)) (w *world, apps []uuid.UUID) {
	t.Helper()
	w = setup(t, append([]func(*authkit.Config){withoutLimits}, change...)...)
	for i := range n {
		app, err := w.engine.EnsureApp(t.Context(), "attacker", fmt.Sprint("App ", i))
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, app.ID)
	}
	return w, apps
}

// askIn asks for a link in an app.
func (w *world) askIn(app uuid.UUID, email string) {
	w.t.Helper()
	if _, err := w.engine.RequestMagicLink(w.t.Context(), authkit.MagicLinkRequest{App: app, Email: email}); err != nil {
		w.t.Fatal(err)
	}
}

// flood asks for n mails in each app.
func (w *world) flood(apps []uuid.UUID, n int) {
	w.t.Helper()
	for i, app := range apps {
		for j := range n {
			w.askIn(app, fmt.Sprintf("u%d-%d@example.com", i, j))
		}
	}
}

// before returns how many mails were sent before the one to an address.
func before(t *testing.T, all []mail.Message, to string) int {
	t.Helper()
	at := slices.IndexFunc(all, func(m mail.Message) bool { return m.To == to })
	if at < 0 {
		t.Fatalf("mail to %s: got none among %d, want it sent", to, len(all))
	}
	return at
}

func TestAppsTakeTurns(t *testing.T) {
	t.Parallel()
	t.Run("an app alone is held back by nothing", func(t *testing.T) {
		t.Parallel()
		w, apps := tenants(t, 1)
		w.flood(apps, 500)
		w.runOnce()
		if n := len(w.outbox.Messages()); n != 500 {
			t.Errorf("mails sent at once: got %d, want all 500", n)
		}
	})
	t.Run("a mail that sixty apps have queued before waits for one of each", func(t *testing.T) {
		t.Parallel()
		p := &postman{now: time.Now, does: func(context.Context) error { return nil }}
		w, apps := tenants(t, 60, func(c *authkit.Config) { c.Mailer = p })
		w.flood(apps, 30)
		w.askIn(w.app.ID, "ann@example.com")
		w.runOnce()
		if n := before(t, p.letters(), "ann@example.com"); n > 100 {
			t.Errorf("mails before an honest tenant's: got %d of %d, want about one of each app", n, len(p.letters()))
		}
		if n := len(p.letters()); n != 1801 {
			t.Errorf("mails sent: got %d, want all 1801", n)
		}
	})
	t.Run("a mail that is queued amid a flood waits for a batch and for one of each", func(t *testing.T) {
		t.Parallel()
		var honest *world
		var queued int
		var once sync.Once
		p := &postman{now: time.Now}
		p.does = func(context.Context) error {
			if len(p.letters()) == 200 {
				once.Do(func() { honest.askIn(honest.app.ID, "ann@example.com"); queued = len(p.letters()) })
			}
			return nil
		}
		w, apps := tenants(t, 20, func(c *authkit.Config) { c.Mailer = p })
		honest = w
		w.flood(apps, 50)
		w.runOnce()
		if n := before(t, p.letters(), "ann@example.com") - queued; n > 32+21+8 {
			t.Errorf("mails between: got %d, want at most a batch, a turn and those being sent", n)
		}
	})
	t.Run("more apps than a batch holds all have their turn", func(t *testing.T) {
		t.Parallel()
		p := &postman{now: time.Now, does: func(context.Context) error { return nil }}
		w, apps := tenants(t, 100, func(c *authkit.Config) { c.Mailer = p })
		w.flood(apps, 5)
		w.runOnce()
		for i := range apps {
			first := slices.IndexFunc(p.letters(), func(m mail.Message) bool { return strings.HasPrefix(m.To, fmt.Sprintf("u%d-", i)) })
			if first < 0 || first > 100+32 {
				t.Errorf("mails before the first of app %d: got %d, want about one of each app", i, first)
			}
		}
		if n := len(p.letters()); n != 500 {
			t.Errorf("mails sent: got %d, want all 500", n)
		}
	})
	t.Run("an app whose mails all fail keeps the others from nothing", func(t *testing.T) {
		t.Parallel()
		p := &postman{now: time.Now}
		w, apps := tenants(t, 1, func(c *authkit.Config) { c.Mailer = p })
		p.does = func(context.Context) error {
			if last := p.letters(); last[len(last)-1].To != "ann@example.com" {
				return context.DeadlineExceeded
			}
			return nil
		}
		w.flood(apps, 300)
		w.askIn(w.app.ID, "ann@example.com")
		w.runOnce()
		if n := before(t, p.letters(), "ann@example.com"); n > 40 {
			t.Errorf("mails tried before: got %d, want a few", n)
		}
	})
}

// If the clock is set back, no mail is delayed until its link has expired.
func TestMailLeavesAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ask := func(email string) {
		if _, err := w.engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: w.app.ID, Email: email}); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(time.Hour)
	for i := range 70 {
		ask(fmt.Sprintf("u%d@example.com", i))
	}
	w.clock.Advance(-time.Hour)
	ask("ann@example.com")
	w.clock.Advance(9 * time.Minute)
	w.mailTo("ann@example.com")
}

package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func TestOneAddressIsNotFloodedByManyApps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	apps := []authkit.App{w.app}
	for i := range 5 {
		app, _, err := w.engine.CreateApp(t.Context(), w.devID, fmt.Sprint("App ", i))
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, app)
	}
	count := func(email string) (n int) {
		if err := w.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, m := range w.outbox.Messages() {
			if m.To == email {
				n++
			}
		}
		return n
	}
	flood := func(email string) {
		for _, app := range apps {
			for range 5 {
				if _, err := w.engine.RequestLink(t.Context(), authkit.LinkRequest{App: app.ID, Email: email}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	flood("ann@example.com")
	if n := count("ann@example.com"); n != 10 {
		t.Errorf("mails to one address: got %d, want 10", n)
	}
	w.clock.advance(6 * time.Minute)
	if n := count("ann@example.com"); n != 11 {
		t.Errorf("six minutes later: got %d, want one more", n)
	}
	// Bob is a user of the first app, with a proven address: its mail comes.
	if _, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: "bob@example.com", Verified: true}); err != nil {
		t.Fatal(err)
	}
	for _, app := range apps[1:] {
		for range 5 {
			if _, err := w.engine.RequestLink(t.Context(), authkit.LinkRequest{App: app.ID, Email: "bob@example.com"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := count("bob@example.com")
	if _, err := w.engine.RequestLink(t.Context(), authkit.LinkRequest{App: w.app.ID, Email: "bob@example.com"}); err != nil {
		t.Fatal(err)
	}
	if n := count("bob@example.com"); before != 10 || n != before+1 {
		t.Errorf("mails to a user: got %d, then %d, want 10, then 11", before, n)
	}
}

// What one address gets from all apps together is counted where no app is the console's, too.
func TestMailLeavesAndIsCountedWhereDevelopersAreTheHosts(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) {
		c.Developers = func(*http.Request) (string, time.Time, error) { return "me", time.Time{}, nil }
	})
	other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	third, _, err := w.engine.CreateApp(t.Context(), w.devID, "Third")
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range []uuid.UUID{w.app.ID, other.ID, third.ID} {
		for range 5 {
			if _, err := w.engine.RequestLink(t.Context(), authkit.LinkRequest{App: app, Email: "ann@example.com"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(w.outbox.Messages()); n != 10 {
		t.Errorf("mails to one address: got %d, want 10", n)
	}
}

// A mail server that is away for a while costs an address nothing of its share.
func TestAttemptsAtAServerThatIsAwayAreNoShare(t *testing.T) {
	t.Parallel()
	away := true
	p := &postman{now: time.Now, does: func(context.Context) error {
		if away {
			return errors.New("connection refused")
		}
		return nil
	}}
	w := setup(t, func(c *authkit.Config) { c.Mailer = p })
	ask := func() {
		if _, err := w.engine.RequestLink(t.Context(), authkit.LinkRequest{App: w.app.ID, Email: "ann@example.com"}); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	ask()
	for range 300 { // until their links are over
		_ = w.engine.RunOnce(t.Context())
		w.clock.advance(2 * time.Second)
	}
	away = false
	before := len(p.letters())
	ask()
	_ = w.engine.RunOnce(t.Context())
	if got := len(p.letters()) - before; got != 1 {
		t.Errorf("mails once the server is back, after %d attempts: got %d, want 1", before, got)
	}
}

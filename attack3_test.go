package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// Who asks for a reset may spell the address as a mailbox of another: what the account is
// told goes to the one that was proven.
func TestTheNoticeOfAResetGoesToTheAccountsOwnSpelling(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.signUp("ann@example.com")
	_, m := s.posted("/auth/password/forgot/{app_id}", `{"email":"ANN@example.com"}`, "ann@example.com")
	s.send("POST", s.in(reset), byLink(m, `,"password":"`+newPassword+`"`)).want(t, 200, "")
	if m := s.mailTo("ann@example.com"); !strings.Contains(m.Subject, "was changed") {
		t.Errorf("the last mail to the account's spelling: got %q, want the notice", m.Subject)
	}
	if m, ok := s.outbox.Last("ANN@example.com"); ok {
		t.Errorf("mail to the asker's spelling: got %q, want none", m.Subject)
	}
}

// A clock that was set back puts no mail off until its link is over.
func TestMailLeavesAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ask := func(email string) {
		if _, err := w.engine.RequestLink(t.Context(), authkit.LinkRequest{App: w.app.ID, Email: email}); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.advance(time.Hour)
	for i := range 70 { // more than are due at once
		ask(fmt.Sprintf("u%d@example.com", i))
	}
	w.clock.advance(-time.Hour)
	ask("ann@example.com")
	w.clock.advance(9 * time.Minute)
	w.mailTo("ann@example.com")
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

package authkit_test

import (
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

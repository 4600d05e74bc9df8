package authkit_test

import (
	"context"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// lastMailer is a Mailer that gets a mail just when Run must stop.
type lastMailer struct {
	*mail.Outbox

	stop context.CancelFunc
}

func (m *lastMailer) Send(ctx context.Context, message mail.Message) error {
	m.stop()
	return m.Outbox.Send(ctx, message) // it refuses if its context has ended
}

func TestMailThatLeftAtTheEndOfRunLeavesOnce(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	mailer := &lastMailer{mail.NewOutbox(), stop}
	w := setup(t, func(c *authkit.Config) { c.Mailer = mailer })
	w.send("POST", "/auth/magic-link/"+w.app.ID.String(), `{"email":"ann@example.com"}`).want(t, 202, "")
	if err := w.engine.RunOnce(ctx); err == nil {
		t.Error("RunOnce: got nil, want the end of its context")
	}
	w.clock.Advance(5 * time.Minute)
	if err := w.engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(mailer.Messages()); got != 1 {
		t.Errorf("mails: got %d, want 1", got)
	}
}

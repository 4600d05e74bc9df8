package authkit_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// inTurn is a Mailer that counts messages to one address that are sent at the same time.
type inTurn struct {
	*mail.Outbox

	sending, together atomic.Int32
}

func (o *inTurn) Send(ctx context.Context, m mail.Message) error {
	if m.To == "ann@example.com" && o.sending.Add(1) > 1 {
		o.together.Add(1)
	}
	err := o.Outbox.Send(ctx, m)
	if m.To == "ann@example.com" {
		o.sending.Add(-1)
	}
	return err
}

func TestMailsToOneAddressArriveInTheirOrder(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		t.Helper()
		mailer := &inTurn{Outbox: mail.NewOutbox()}
		w := setup(t, withoutLimits, func(c *authkit.Config) { c.Store, c.Mailer, c.Secrets = store, mailer, [][]byte{make([]byte, 32)} })
		var want []string
		for range 20 { // all of them at one time of the clock
			w.ask("bob@example.com")
			pending, err := w.engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: w.app.ID, Email: "ann@example.com"})
			if err != nil {
				t.Fatal(err)
			}
			id, err := base64.RawURLEncoding.DecodeString(pending.Binding)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, hex.EncodeToString(id[:16]))
		}
		w.runOnce()
		var got []string
		for _, m := range mailer.Messages() {
			if m.To == "ann@example.com" {
				got = append(got, attemptOf(t, m))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got the attempts %v, want them in the order in which they were asked for: %v", got, want)
		}
		if n := mailer.together.Load(); n > 0 {
			t.Errorf("got %d mails beside another to the same address, want one after the other", n)
		}
	})
}

// attemptOf returns the id of the attempt that a mail belongs to. A binding begins with it, too.
func attemptOf(t *testing.T, m mail.Message) string {
	t.Helper()
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(linkToken(m), &claims); err != nil {
		t.Fatal(err)
	}
	id, err := base64.RawURLEncoding.DecodeString(claims.ID)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(id)
}

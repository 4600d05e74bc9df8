package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// A reset is assigned to its user when its mail is sent.
func TestAResetAndItsMail(t *testing.T) {
	t.Parallel()
	const forgot, reset, withNew = "/auth/password/forgot/{app_id}", "/auth/password/reset/{app_id}", `,"password":"` + newPassword + `"`
	const ask = `{"email":"ann@example.com"}`

	t.Run("one that is sent again brings no spent reset back", func(t *testing.T) {
		t.Parallel()
		p := &postman{now: time.Now, does: func(context.Context) error { return errors.New("the line broke after the end of the mail") }}
		w := setup(t, func(c *authkit.Config) { c.Mailer = p })
		w.mailsNoProof()
		w.signUp("ann@example.com")
		w.send("POST", w.in(forgot), ask).want(t, 202, "")
		_ = w.engine.RunOnce(t.Context())
		letters := p.lettersTo("ann@example.com")
		if len(letters) != 1 {
			t.Fatalf("Send: got %d calls, want 1", len(letters))
		}
		w.send("POST", w.in(reset), byLink(letters[0], withNew)).want(t, 200, "")
		w.clock.Advance(time.Minute)
		_ = w.engine.RunOnce(t.Context())
		w.send("POST", w.in(reset), byLink(letters[0], withNew)).want(t, 401, "invalid_token")
		for _, later := range p.lettersTo("ann@example.com")[1:] { // one is the notice of the new password
			if mail.Link(later) != "" {
				t.Errorf("Send: got %q again, want no mail of a reset that is spent", later.Subject)
			}
		}
	})
	t.Run("one that is sent again keeps the wrong codes counted", func(t *testing.T) {
		t.Parallel()
		p := &postman{now: time.Now, does: func(context.Context) error { return errors.New("the line broke after the end of the mail") }}
		w := setup(t, func(c *authkit.Config) { c.Mailer = p })
		w.mailsNoProof()
		w.signUp("ann@example.com")
		pending := w.send("POST", w.in(forgot), ask)
		_ = w.engine.RunOnce(t.Context())
		m := p.lettersTo("ann@example.com")[0]
		for range 5 {
			w.send("POST", w.in(reset), byWrongCode("ann@example.com", pending, m, withNew)).want(t, 401, "invalid_token")
		}
		w.clock.Advance(time.Minute)
		_ = w.engine.RunOnce(t.Context())
		if n := len(p.lettersTo("ann@example.com")); n != 2 {
			t.Fatalf("Send: got %d calls, want 2", n)
		}
		w.send("POST", w.in(reset), byCode("ann@example.com", pending, m, withNew)).want(t, 401, "invalid_token")
	})
	t.Run("only the newest leaves, and works", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.mailsNoProof()
		w.signUp("ann@example.com")
		w.send("POST", w.in(forgot), ask).want(t, 202, "")
		w.clock.Advance(time.Second)
		pending, m := w.forgot("ann@example.com")
		if n := len(w.mails()); n != 1 {
			t.Errorf("mail: got %d, want 1", n)
		}
		w.send("POST", w.in(reset), byCode("ann@example.com", pending, m, withNew)).want(t, 200, "")
	})
	t.Run("one that is asked for while an older one leaves is the newest", func(t *testing.T) {
		t.Parallel()
		store := &binding{Store: memory.New()}
		w := setup(t, func(c *authkit.Config) { c.Store = store })
		w.mailsNoProof()
		w.signUp("ann@example.com")
		w.send("POST", w.in(forgot), ask).want(t, 202, "")
		var pending answer
		store.then = func() { pending = w.send("POST", w.in(forgot), ask) }
		if err := w.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := w.mailTo("ann@example.com")
		if n := len(w.mails()); n != 1 {
			t.Errorf("mail: got %d, want that of the newest alone", n)
		}
		w.send("POST", w.in(reset), byCode("ann@example.com", pending, m, withNew)).want(t, 200, "")
	})
	t.Run("goes to the address as its user typed it", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.signUp("Ann@example.com")
		w.send("POST", w.in(forgot), ask).want(t, 202, "")
		w.mailTo("Ann@example.com")
	})
	for tries, want := range map[int]int{4: 200, 5: 401} {
		t.Run(fmt.Sprintf("a code that is tried %d times before is wrong, which counts, and the link works", tries), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.signUp("ann@example.com")
			pending := w.send("POST", w.in(forgot), ask)
			for range tries {
				body := `{"email":"ann@example.com","code":"000000","binding":"` + pending.text(t, "binding") + `"` + withNew + `}`
				w.send("POST", w.in(reset), body).want(t, 401, "invalid_token")
			}
			m := w.mailTo("ann@example.com")
			if got := w.send("POST", w.in(reset), byCode("ann@example.com", pending, m, withNew)); got.Code != want {
				t.Errorf("the mailed code: got %d, want %d", got.Code, want)
			}
			if want != 200 {
				w.send("POST", w.in(reset), `{"token":"`+linkToken(m)+`"`+withNew+`}`).want(t, 200, "")
			}
		})
	}
}

// binding is a store in which something happens just before the first reset is bound.
type binding struct {
	authkit.Store

	then func()
}

func (b *binding) BindTokens(ctx context.Context, tokens []authkit.Token, now time.Time) ([]bool, error) {
	if then := b.then; then != nil && tokens[0].Kind == "reset" {
		b.then = nil
		then()
	}
	return b.Store.BindTokens(ctx, tokens, now)
}

// byWrongCode is [byCode] with a code other than the mailed one.
func byWrongCode(email string, pending answer, m mail.Message, more string) string {
	return fmt.Sprintf(`{"email":%q,"code":%q,"binding":%q%s}`, email, wrongCode(mail.Code(m)), pending.body["binding"], more)
}

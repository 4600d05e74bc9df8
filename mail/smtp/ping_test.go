package smtp

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/authkit-dev/authkit/mail"
)

func TestPing(t *testing.T) {
	t.Parallel()
	t.Run("connects and ends the session, without a mail", func(t *testing.T) {
		t.Parallel()
		verbs := make(chan string, 100)
		r := newRelay(t, func(_, _ int, verb string) string { verbs <- verb; return "" })
		if err := r.mailer(t).Ping(t.Context(), "no-reply@example.com"); err != nil {
			t.Fatal(err)
		}
		<-r.quit
		close(verbs)
		var said []string
		for verb := range verbs {
			said = append(said, verb)
		}
		if got := strings.Join(said, " "); got != "EHLO QUIT" {
			t.Errorf("verbs: got %q, want EHLO QUIT", got)
		}
		r.want(t, 0, 1)
	})
	t.Run("over TLS that a certificate proves", func(t *testing.T) {
		t.Parallel()
		for _, mode := range []Mode{STARTTLS, Implicit} {
			c := serve(t, &backend{}, mode, true)
			if err := ping(t, c); err != nil {
				t.Errorf("mode %d: got %v, want nil", mode, err)
			}
			c.TLSConfig.ServerName = "mail.example.net"
			if err := ping(t, c); err == nil || !strings.Contains(err.Error(), "mail.example.net") {
				t.Errorf("mode %d, another name: got %v, want it refused", mode, err)
			}
		}
	})
	t.Run("fails where no server listens", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		_ = l.Close()
		err := ping(t, Config{Addr: l.Addr().String(), TLS: Opportunistic})
		if _, ok := errors.AsType[*net.OpError](err); !ok || !strings.Contains(err.Error(), l.Addr().String()) {
			t.Errorf("got %v, want the error of the connection, with the address", err)
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		t.Parallel()
		l := listen(t) // it accepts, and says nothing
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if conn, err := l.Accept(); err == nil {
				cancel()
				defer conn.Close()
				<-t.Context().Done()
			}
		}()
		m, err := New(Config{Addr: l.Addr().String(), TLS: Opportunistic})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Ping(ctx, "no-reply@example.com"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
	t.Run("does not repeat a password that the relay repeats", func(t *testing.T) {
		t.Parallel()
		for _, said := range []string{"who is sekret phrase", "who is AGFubgBzZWtyZXQgcGhyYXNl", "who is c2VrcmV0IHBocmFzZQ=="} {
			c := serve(t, repeating{said}, Opportunistic, false)
			c.Username, c.Password = "ann", "sekret phrase"
			if err := ping(t, c); err == nil || !strings.Contains(err.Error(), "repeats its password") || strings.Contains(err.Error(), said) {
				t.Errorf("relay that says %q: got %v, want it left out", said, err)
			}
		}
	})
}

func ping(t *testing.T, c Config) error {
	t.Helper()
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m.Ping(t.Context(), "no-reply@example.com")
}

// repeating is a relay that refuses each session with a text.
type repeating struct{ text string }

func (r repeating) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	return nil, &gosmtp.SMTPError{Code: 535, Message: r.text}
}

func TestMailersForTestsDeliverNothing(t *testing.T) {
	t.Parallel()
	for _, m := range []mail.Mailer{mail.NewOutbox(), mail.Log(nil)} {
		if err := m.(mail.Pinger).Ping(t.Context(), "no-reply@example.com"); !errors.Is(err, mail.ErrUndelivered) {
			t.Errorf("%T: got %v, want %v", m, err, mail.ErrUndelivered)
		}
	}
}

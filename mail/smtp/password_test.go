package smtp

import (
	"errors"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// guarded is a relay that accepts mail from authenticated clients only, as most do.
type guarded struct{ *backend }

func (g guarded) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	return &session{backend: g.backend}, nil
}

type session struct {
	*backend

	known bool
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "authkit" || password != "of the relay" {
			return errors.New("not you")
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(string, *gosmtp.MailOptions) error {
	if !s.known {
		return gosmtp.ErrAuthRequired
	}
	return nil
}

func TestThePasswordIsSent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode     Mode
		offerTLS bool
	}{
		"after STARTTLS":              {STARTTLS, true},
		"under TLS from the start":    {Implicit, true},
		"on loopback, after STARTTLS": {Opportunistic, true},
		"on loopback, without TLS":    {Opportunistic, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &backend{}
			c := serve(t, guarded{b}, tt.mode, tt.offerTLS)
			c.Username, c.Password = "authkit", "of the relay"
			if err := send(t.Context(), t, c, message()); err != nil {
				t.Fatalf("got %v, want the mail sent", err)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.body == "" {
				t.Error("got no mail, want one")
			}
		})
	}
}

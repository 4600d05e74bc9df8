package smtp

import (
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
)

// strictRelay refuses a client whose EHLO has a name of one label, as relays do. It keeps what
// it was told.
type strictRelay struct {
	backend

	mu       sync.Mutex
	hello    string
	envelope []string
}

func (r *strictRelay) NewSession(c *gosmtp.Conn) (gosmtp.Session, error) {
	if !strings.ContainsAny(c.Hostname(), ".:") {
		return nil, &gosmtp.SMTPError{Code: 504, EnhancedCode: gosmtp.EnhancedCode{5, 5, 2}, Message: "need fully-qualified hostname"}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hello = c.Hostname()
	return r, nil
}

func (r *strictRelay) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.envelope = append(r.envelope, to)
	return nil
}

func TestEHLOSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, local string
		want        string // empty means anything that the relay accepts
	}{
		"the domain of the sender":                    {from: "Acme <no-reply@auth.example.com>", want: "auth.example.com"},
		"its A-labels":                                {from: "no-reply@bücher.example", want: "xn--bcher-kva.example"},
		"the configured name":                         {from: "no-reply@example.com", local: "out7.example.net", want: "out7.example.net"},
		"the configured literal":                      {from: "no-reply@example.com", local: "[IPv6:2001:db8::1]", want: "[IPv6:2001:db8::1]"},
		"not the sender's domain if it has one label": {from: "no-reply@localhost"},
		"the sender's domain after a display name":    {from: `"a@b.example" <no-reply@example.org>`, want: "example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := &strictRelay{}
			config := serve(t, relay, STARTTLS, true)
			config.LocalName = c.local
			m := message()
			m.From = c.from
			if err := send(t.Context(), t, config, m); err != nil {
				t.Fatalf("Send: got %v, want the mail sent", err)
			}
			if relay.hello != c.want && c.want != "" {
				t.Errorf("EHLO: got %q, want %q", relay.hello, c.want)
			}
		})
	}
}

func TestLiteralIsTheConnectionsAddress(t *testing.T) {
	t.Parallel()
	l := listen(t)
	if got := literal(l.Addr()); got != "[127.0.0.1]" {
		t.Errorf("literal of %s: got %q, want [127.0.0.1]", l.Addr(), got)
	}
}

func TestNewChecksTheLocalName(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"mail.example.com": true, "[192.0.2.1]": true, "[IPv6:2001:db8::1]": true, "": true,
		"vm": false, "mail.example.com.": false, "a b.example": false, "192.0.2.1": false, "[mail.example.com]": false, "[2001:db8::1]": false,
		"[IPv6:192.0.2.1]": false, "x.example\r\nMAIL FROM:<a@b.example>": false, "-x.example": false, "[192.0.2.1": false,
	} {
		if _, err := New(Config{Addr: "mail.example.com:25", LocalName: name}); (err == nil) != good {
			t.Errorf("New with the local name %q: got %v, want it taken: %t", name, err, good)
		}
	}
}

// The sender of a sign-in mail must get no absence notices, and no header may tell an attacker
// which library sent the mail.
func TestHeadersOfAMail(t *testing.T) {
	t.Parallel()
	b := &backend{}
	if err := send(t.Context(), t, serve(t, b, STARTTLS, true), message()); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	got, err := netmail.ReadMessage(strings.NewReader(b.body))
	b.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "User-Agent": "", "X-Mailer": ""} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: got %q, want %q", name, v, want)
		}
	}
	for name, values := range got.Header {
		if all := strings.ToLower(strings.Join(values, " ")); strings.Contains(all, "go-mail") {
			t.Errorf("%s: got %q, want no library named", textproto.CanonicalMIMEHeaderKey(name), all)
		}
	}
}

// SMTP passes an address to no program, so an address that looks like an option is mailed.
func TestAnAddressThatBeginsWithADash(t *testing.T) {
	t.Parallel()
	relay := &strictRelay{}
	m := message()
	m.To = "-oQ/tmp@example.com"
	if err := send(t.Context(), t, serve(t, relay, STARTTLS, true), m); err != nil {
		t.Fatal(err)
	}
	if len(relay.envelope) != 1 || relay.envelope[0] != m.To {
		t.Errorf("recipients: got %q, want %q alone", relay.envelope, m.To)
	}
}

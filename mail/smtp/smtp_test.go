package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/authkit-dev/authkit/mail"
)

type backend struct {
	mu   sync.Mutex
	body string
	err  error
}

func (b *backend) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return b, nil }
func (b *backend) Mail(string, *gosmtp.MailOptions) error          { return nil }
func (b *backend) Rcpt(string, *gosmtp.RcptOptions) error          { return b.err }
func (b *backend) Reset()                                          {}
func (b *backend) Logout() error                                   { return nil }
func (b *backend) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.body = string(raw)
	return err
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve returns the config of a client that trusts the server's certificate.
func serve(t *testing.T, b gosmtp.Backend, mode Mode, offerTLS bool) Config {
	t.Helper()
	h := httptest.NewTLSServer(nil)
	t.Cleanup(h.Close)
	pool := x509.NewCertPool()
	pool.AddCert(h.Certificate())
	server := gosmtp.NewServer(b)
	server.AllowInsecureAuth = true
	serverTLS := &tls.Config{Certificates: h.TLS.Certificates, MinVersion: tls.VersionTLS12}
	l := listen(t)
	addr := l.Addr().String()
	if offerTLS && mode != Implicit {
		server.TLSConfig = serverTLS
	}
	if mode == Implicit {
		l = tls.NewListener(l, serverTLS)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return Config{Addr: addr, TLS: mode, TLSConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
}

func send(ctx context.Context, t *testing.T, c Config, m mail.Message) error {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(ctx, m)
}

func message() mail.Message {
	return mail.Message{To: "ann@example.com", From: "Acmé <no-reply@example.com>", Subject: "Grüße", Text: "hi", HTML: "<p>hi</p>", ID: "m1@example.com"}
}

func TestSendDelivers(t *testing.T) {
	t.Parallel()
	for _, mode := range []Mode{STARTTLS, Implicit, Opportunistic} {
		b := &backend{}
		if err := send(t.Context(), t, serve(t, b, mode, mode != Opportunistic), message()); err != nil {
			t.Fatalf("mode %d: got %v, want nil", mode, err)
		}
		b.mu.Lock()
		got, err := netmail.ReadMessage(strings.NewReader(b.body))
		b.mu.Unlock()
		if err != nil || got.Header.Get("Message-ID") != "<m1@example.com>" || strings.Contains(got.Header.Get("Subject"), "ü") {
			t.Errorf("got %q, %v, want encoded headers with the id", b.body, err)
		}
	}
}

func TestAnyCertificateIsAcceptedOnLoopback(t *testing.T) {
	t.Parallel()
	for mode, sent := range map[Mode]bool{Opportunistic: true, STARTTLS: false, Implicit: false} {
		c := serve(t, &backend{}, mode, true)
		c.TLSConfig = nil
		if err := send(t.Context(), t, c, message()); (err == nil) != sent {
			t.Errorf("mode %d: got %v, want the mail sent: %t", mode, err, sent)
		}
	}
}

func TestSendErrors(t *testing.T) {
	t.Parallel()
	for code, permanent := range map[int]bool{451: false, 550: true} {
		b := &backend{err: &gosmtp.SMTPError{Code: code, Message: "no"}}
		err := send(t.Context(), t, serve(t, b, STARTTLS, true), message())
		if err == nil || errors.Is(err, mail.ErrPermanent) != permanent {
			t.Errorf("%d: got %v, want permanent %t", code, err, permanent)
		}
	}
	if err := send(t.Context(), t, serve(t, &backend{}, STARTTLS, false), message()); err == nil {
		t.Error("got nil, want an error from a server without STARTTLS")
	}
	for _, m := range []mail.Message{{To: "a@b.example\r\nBcc: c@d.example"}, {Subject: "x\nBcc: y"}} {
		if err := send(t.Context(), t, Config{Addr: "127.0.0.1:1"}, m); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("got %v, want ErrPermanent", err)
		}
	}
}

func TestSendToHangingServerHonoursDeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := send(ctx, t, Config{Addr: listen(t).Addr().String()}, message())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want deadline exceeded", err)
	}
}

func TestSendToDroppingServerIsTemporary(t *testing.T) {
	t.Parallel()
	l := listen(t)
	go func() {
		if conn, err := l.Accept(); err == nil {
			_ = conn.Close()
		}
	}()
	err := send(t.Context(), t, Config{Addr: l.Addr().String(), Timeout: time.Second}, message())
	if err == nil || errors.Is(err, mail.ErrPermanent) {
		t.Errorf("got %v, want a temporary error", err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]Mode{"smtp://u:p@h.example:587": STARTTLS, "smtps://h.example:465": Implicit, "smtp://127.0.0.1:25": Opportunistic} {
		if got, err := Parse(raw); err != nil || got.TLS != want {
			t.Errorf("%q: got %d, %v, want %d", raw, got.TLS, err, want)
		}
	}
	for _, raw := range []string{"http://h:1", "smtp://h", "smtp://u:secret@h:x", "smtp://u:secret@h:1/path", "smtp://u:secret@::1:25", "smtp://:25"} {
		if _, err := Parse(raw); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v, want an error without the password", raw, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"an address without a port":         {Addr: "mail.example.com"},
		"a port out of range":               {Addr: "mail.example.com:70000"},
		"no host":                           {Addr: ":25"},
		"an unknown mode":                   {Addr: "mail.example.com:25", TLS: 9},
		"any certificate of a distant host": {Addr: "mail.example.com:25", TLS: Opportunistic},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("New of %s: got no error, want one", name)
		}
	}
	for _, addr := range []string{"localhost:25", "127.0.0.1:25", "[::1]:25"} {
		if _, err := New(Config{Addr: addr, TLS: Opportunistic}); err != nil {
			t.Errorf("New of %s: got %v, want a mailer", addr, err)
		}
	}
}

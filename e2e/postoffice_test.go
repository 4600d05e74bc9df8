package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/authkit-dev/authkit/mail/smtp"
)

// postOffice is an SMTP server that requires TLS and a password. It is closed at first: its
// address refuses connections.
type postOffice struct {
	server *gosmtp.Server
	socket int
	door   net.Listener
	config smtp.Config     // of its clients
	posted chan postedMail // accepted mails, in order
}

// postedMail is an accepted message with its envelope.
type postedMail struct{ from, to, raw string }

func newPostOffice(t *testing.T) *postOffice {
	t.Helper()
	https := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(https.Close)
	roots := x509.NewCertPool()
	roots.AddCert(https.Certificate())
	o := &postOffice{posted: make(chan postedMail, 100)}
	o.config = smtp.Config{
		Addr: o.claim(t), TLS: smtp.STARTTLS, Username: "authkit", Password: "of the relay",
		TLSConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}
	o.server = gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &counter{office: o}, nil }))
	o.server.TLSConfig = &tls.Config{Certificates: https.TLS.Certificates, MinVersion: tls.VersionTLS12}
	t.Cleanup(func() { _ = o.server.Close() })
	return o
}

// claim binds a port without listening on it, so that no other process can take it.
func (o *postOffice) claim(t *testing.T) string {
	t.Helper()
	syscall.ForkLock.RLock() // no program that starts now may inherit the socket
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	o.socket = fd
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

// unlock lets clients connect. The server sends no greeting before open.
func (o *postOffice) unlock(t *testing.T) {
	t.Helper()
	if err := syscall.Listen(o.socket, 16); err != nil {
		t.Fatal(err)
	}
	dup, err := syscall.Dup(o.socket)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(dup), "post office")
	defer file.Close()
	if o.door, err = net.FileListener(file); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.door.Close() })
}

// open makes the server accept mail from now on.
func (o *postOffice) open(t *testing.T) {
	t.Helper()
	if o.door == nil {
		o.unlock(t)
	}
	go func() { _ = o.server.Serve(o.door) }()
}

// next waits for the next mail.
func (o *postOffice) next(t *testing.T) postedMail {
	t.Helper()
	select {
	case p := <-o.posted:
		return p
	case <-time.After(30 * time.Second):
		t.Fatal("mail: got no mail within half a minute")
		return postedMail{}
	}
}

// wantEmpty checks that there is no more mail.
func (o *postOffice) wantEmpty(t *testing.T) {
	t.Helper()
	if n := len(o.posted); n > 0 {
		t.Errorf("mail: got %d more, want none", n)
	}
}

// counter is the session of one SMTP client.
type counter struct {
	office   *postOffice
	known    bool
	from, to string
}

func (*counter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *counter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != c.office.config.Username || password != c.office.config.Password {
			return gosmtp.ErrAuthFailed
		}
		c.known = true
		return nil
	}), nil
}

func (c *counter) Mail(from string, _ *gosmtp.MailOptions) error {
	if !c.known {
		return gosmtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

func (c *counter) Rcpt(to string, _ *gosmtp.RcptOptions) error { c.to = to; return nil }

func (c *counter) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err == nil {
		c.office.posted <- postedMail{c.from, c.to, string(raw)}
	}
	return err
}

func (*counter) Reset()        {}
func (*counter) Logout() error { return nil }

// received is a decoded mail, as a mail program shows it.
type received struct {
	mail.Header

	parts map[string]string // by media type
}

func (p postedMail) read(t *testing.T) received {
	t.Helper()
	r, err := mail.CreateReader(strings.NewReader(p.raw))
	if err != nil {
		t.Fatal(err)
	}
	got := received{r.Header, map[string]string{}}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		h, ok := part.Header.(*mail.InlineHeader)
		if !ok {
			t.Fatalf("part: got %T, want text to show", part.Header)
		}
		kind, params, err := h.ContentType()
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("part: got %q %v, %v, want UTF-8", kind, params, err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		got.parts[kind] = string(body)
	}
}

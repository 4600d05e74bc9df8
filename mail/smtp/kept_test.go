package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/mail"
)

// hangUp ends a reply that closes the connection before its end, or that is empty.
const hangUp = "hang up"

// relay is a server that counts, and answers as a test says.
type relay struct {
	config Config

	// does returns the reply to a verb of the nth mail of the nth connection, both from 1, which
	// may end in hangUp; empty: the usual reply. The verb after a message is a dot.
	does func(conn, mail int, verb string) string

	mu     sync.Mutex
	conns  int
	ended  int // by QUIT
	bodies []string
	quit   chan struct{} // receives at each QUIT
}

func newRelay(t *testing.T, does func(conn, mail int, verb string) string) *relay {
	t.Helper()
	l := listen(t)
	r := &relay{config: Config{Addr: l.Addr().String(), TLS: Opportunistic}, does: does, quit: make(chan struct{}, 1000)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns++
			n := r.conns
			r.mu.Unlock()
			go r.serve(conn, n)
		}
	}()
	return r
}

func (r *relay) serve(conn net.Conn, n int) {
	defer conn.Close()
	_, _ = fmt.Fprint(conn, "220 relay\r\n")
	mails, body, inBody := 0, "", false
	for in := bufio.NewScanner(conn); in.Scan(); {
		verb, _, _ := strings.Cut(in.Text(), " ")
		switch {
		case inBody && in.Text() != ".":
			body += in.Text() + "\n"
			continue
		case inBody:
			verb, inBody = ".", false
		case verb == "MAIL":
			mails++
		}
		reply := ""
		if r.does != nil {
			reply = r.does(n, mails, verb)
		}
		if part, ok := strings.CutSuffix(reply, hangUp); ok {
			_, _ = fmt.Fprint(conn, part)
			return
		}
		switch {
		case reply != "":
		case verb == "DATA":
			reply, inBody, body = "354 go on", true, ""
		default:
			reply = "250 well"
		}
		r.note(verb, reply, body)
		if _, _ = fmt.Fprintf(conn, "%s\r\n", reply); verb == "QUIT" {
			return
		}
	}
}

func (r *relay) note(verb, reply, body string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if verb == "." && strings.HasPrefix(reply, "2") {
		r.bodies = append(r.bodies, body)
	}
	if verb == "QUIT" {
		r.ended++
		r.quit <- struct{}{}
	}
}

// want checks how many mails were taken over how many connections.
func (r *relay) want(t *testing.T, mails, conns int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bodies) != mails || r.conns != conns {
		t.Errorf("got %d mails over %d connections, want %d over %d", len(r.bodies), r.conns, mails, conns)
	}
}

// mailer returns a client that is closed at the end of the test.
func (r *relay) mailer(t *testing.T, change ...func(*Config)) *Mailer {
	t.Helper()
	c := r.config
	c.KeepIdle = time.Hour
	for _, f := range change {
		f(&c)
	}
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func (s *Mailer) sends(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if err := s.Send(t.Context(), message()); err != nil {
			t.Fatalf("mail %d: got %v, want it sent", i+1, err)
		}
	}
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	t.Run("for the next mail", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		r.mailer(t).sends(t, 5)
		r.want(t, 5, 1)
	})
	t.Run("for a hundred mails each", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		r.mailer(t).sends(t, 2*mailsEach)
		r.want(t, 2*mailsEach, 2)
	})
	t.Run("for one sender each, whose name EHLO gives", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		m, other := r.mailer(t), message()
		other.From = "post@example.net"
		m.sends(t, 1)
		if err := m.Send(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		m.sends(t, 1)
		r.want(t, 3, 2)
	})
	t.Run("for all apps of one host, whose names the senders have", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		m := r.mailer(t)
		for _, from := range []string{`"Demo" <post@example.net>`, `=?utf-8?q?Gr=C3=B6=C3=9Fe?= <post@example.net>`, `"a \" b" <post@example.net>`} {
			one := message()
			one.From = from
			if err := m.Send(t.Context(), one); err != nil {
				t.Fatal(err)
			}
			if got := r.bodies[len(r.bodies)-1]; !strings.Contains(got, "From: "+from+"\n") {
				t.Errorf("got %s, want the sender %s", got, from)
			}
		}
		r.want(t, 3, 1)
	})
	t.Run("not if that is off", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		r.mailer(t, func(c *Config) { c.KeepIdle = -1 }).sends(t, 3)
		r.want(t, 3, 3)
	})
	t.Run("until they have been idle for a while", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		m := r.mailer(t, func(c *Config) { c.KeepIdle = time.Millisecond })
		m.sends(t, 1)
		<-r.quit
		m.sends(t, 1)
		<-r.quit
		r.want(t, 2, 2)
	})
	t.Run("until Close", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		m := r.mailer(t)
		m.sends(t, 1)
		if err := m.Close(); err != nil {
			t.Errorf("Close: got %v, want nil", err)
		}
		<-r.quit
		m.sends(t, 1)
		<-r.quit
		r.want(t, 2, 2)
	})
	t.Run("no more of them than some, whatever was sent at once", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, nil)
		m := r.mailer(t)
		var all sync.WaitGroup
		for range 4 * keepMost {
			all.Go(func() {
				if err := m.Send(t.Context(), message()); err != nil {
					t.Errorf("got %v, want it sent", err)
				}
			})
		}
		all.Wait()
		r.mu.Lock()
		mails, open := len(r.bodies), r.conns-r.ended
		r.mu.Unlock()
		if mails != 4*keepMost || open > keepMost {
			t.Errorf("got %d mails and %d connections left, want %d and at most %d", mails, open, 4*keepMost, keepMost)
		}
	})
}

func TestAKeptConnectionThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verb, reply string
		sent        bool // over a new connection
	}{
		"before the mail":                        {"MAIL", hangUp, true},
		"with a farewell":                        {"MAIL", "421 idle for too long", true},
		"since it took enough mails":             {"MAIL", "452 too many messages", true},
		"before the recipient":                   {"RCPT", hangUp, true},
		"before the message":                     {"DATA", hangUp, true},
		"with a farewell before the message":     {"DATA", "421 bye", true},
		"after the message":                      {".", hangUp, false},
		"with a farewell after the message":      {".", "421 bye", false},
		"amid the reply to the sender":           {"MAIL", "250 2.1.0 o" + hangUp, true},
		"amid the reply to the message":          {".", "250 2.0.0 queu" + hangUp, false},
		"amid a refusal of the message":          {".", "554 5.7.1 sp" + hangUp, false},
		"by refusing the recipient":              {"RCPT", "450 later", true},
		"by refusing the message":                {"DATA", "451 later", true},
		"since it has to sign in again":          {"RCPT", "530 5.7.0 authentication required", true},
		"for its limit, before the message":      {"DATA", "550 too many mails in this session", true},
		"by refusing the message once it has it": {".", "451 later", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelay(t, func(conn, mails int, verb string) string {
				if conn == 1 && mails == 2 && verb == c.verb {
					return c.reply
				}
				return ""
			})
			m := r.mailer(t)
			m.sends(t, 1)
			err := m.Send(t.Context(), message())
			if (err == nil) != c.sent || errors.Is(err, mail.ErrPermanent) {
				t.Errorf("got %v, want it sent: %t, or a temporary error", err, c.sent)
			}
			if c.sent {
				r.want(t, 2, 2)
			} else {
				r.want(t, 1, 1)
			}
			m.sends(t, 1) // whatever became of that connection
		})
	}
	t.Run("is replaced once only", func(t *testing.T) {
		t.Parallel()
		r := newRelay(t, func(conn, mails int, verb string) string {
			if conn+mails == 3 && verb == "MAIL" { // the second mail, over both
				return hangUp
			}
			return ""
		})
		m := r.mailer(t)
		m.sends(t, 1)
		if err := m.Send(t.Context(), message()); err == nil {
			t.Error("got no error, want that of the second connection")
		}
		r.want(t, 1, 2)
	})
	t.Run("by hanging is given up in time", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		r := newRelay(t, func(_, mails int, verb string) string {
			if mails == 2 && verb == "MAIL" {
				cancel() // while Send waits for the reply
				<-t.Context().Done()
			}
			return ""
		})
		m := r.mailer(t)
		m.sends(t, 1)
		if err := m.Send(ctx, message()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the end of the context", err)
		}
		r.want(t, 1, 1)
	})
}

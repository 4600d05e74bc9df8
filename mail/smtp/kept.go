package smtp

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

const (
	// keepMost is how many idle connections are kept, and mailsEach how many mails one
	// connection takes: many relays take no more.
	keepMost  = 8
	mailsEach = 100
	keepIdle  = 5 * time.Second // by default

	// quitWait bounds the farewell to the relay.
	quitWait = time.Second
)

// connection is a connection to the relay, after EHLO, TLS and authentication.
type connection struct {
	raw    net.Conn
	client *gomail.Client
	smtp   *gosmtp.Client
	domain string // of the sender for whom its EHLO speaks
	mails  int    // that it took
	idle   *time.Timer
}

// kept holds idle connections. Each is closed by a timer. It is safe for concurrent use.
type kept struct {
	mu     sync.Mutex
	idle   []*connection // the latest last
	closed bool
}

// take returns the connection that was used last, if it speaks for the domain; nil: there is none.
func (k *kept) take(domain string) *connection {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, c := range slices.Backward(k.idle) {
		if c.domain == domain {
			k.remove(i)
			return c
		}
	}
	return nil
}

// put keeps a connection for a while, or closes it.
func (k *kept) put(c *connection, while time.Duration) {
	k.mu.Lock()
	keep := !k.closed && while > 0 && c.mails < mailsEach && len(k.idle) < keepMost
	if keep {
		k.idle = append(k.idle, c)
		c.idle = time.AfterFunc(while, func() { k.drop(c) })
	}
	k.mu.Unlock()
	if !keep {
		c.quit()
	}
}

// drop closes a connection, unless it was taken just then.
func (k *kept) drop(c *connection) {
	k.mu.Lock()
	i := slices.Index(k.idle, c)
	if i >= 0 {
		k.remove(i)
	}
	k.mu.Unlock()
	if i >= 0 {
		c.quit()
	}
}

func (k *kept) remove(i int) {
	k.idle[i].idle.Stop()
	k.idle = slices.Delete(k.idle, i, i+1)
}

// close closes all idle connections, and those that are in use once they are put back.
func (k *kept) close() {
	k.mu.Lock()
	idle := k.idle
	k.idle, k.closed = nil, true
	k.mu.Unlock()
	for _, c := range idle {
		c.idle.Stop()
		c.quit()
	}
}

// quit ends the session and closes the connection.
func (c *connection) quit() {
	_ = c.smtp.UpdateDeadline(quitWait) // a relay that hangs holds nothing up
	_ = c.client.CloseWithSMTPClient(c.smtp)
	_ = c.raw.Close()
}

// send sends a message. The connection is closed if ctx ends meanwhile.
func (c *connection) send(ctx context.Context, msg *gomail.Msg) (stillOpen bool, err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	c.mails++
	err = c.client.SendWithSMTPClient(c.smtp, msg)
	return stop() && err == nil, err
}

// unused reports whether a message may be sent again over a new connection, since the relay has
// seen no byte of the message. Whatever the relay refuses, it may be the connection that it has had
// enough of: its authentication has expired, or a limit of mails is reached.
func unused(err error) bool {
	send, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return false
	}
	switch send.Reason {
	case gomail.ErrConnCheck, gomail.ErrSMTPMailFrom, gomail.ErrSMTPRcptTo, gomail.ErrSMTPData:
		return true
	default:
		return false
	}
}

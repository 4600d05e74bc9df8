package network

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"time"
)

// mood is how a relay treats its clients.
type mood string

const (
	kind       mood = "is good"
	silent     mood = "hangs before its greeting"
	deaf       mood = "hangs after DATA"
	dripping   mood = "drips its replies" // and never ends that after DATA
	forgetful  mood = "drops the connection after DATA"
	busy       mood = "answers 451"
	overloaded mood = "answers 554 to every connection"
	disgusted  mood = "answers 550 to every recipient"
)

const (
	dripEvery     = 10 * time.Millisecond // fast enough to reach the reply after DATA
	lastDripEvery = 200 * time.Millisecond
	relayClosed   = time.Minute // a connection lives no longer
)

// relay is an SMTP server on loopback that keeps no mail, and whose mood can be changed. Each
// mail meets one mood to its end: that in which its connection began or, on a connection that
// has taken a mail, its MAIL. So what the relay notes as accepted is what its client has read.
type relay struct {
	listener net.Listener

	mu       sync.Mutex
	mood     mood
	tried    int            // connections, and mails that were begun on them
	accepted map[string]int // mails by recipient: those that were answered 250 after DATA
	refused  map[string]int // recipients that were answered 550
	open     map[net.Conn]struct{}
}

func newRelay(ctx context.Context) (*relay, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{listener: listener, mood: kind, accepted: map[string]int{}, refused: map[string]int{}, open: map[net.Conn]struct{}{}}
	go r.serve()
	return r, nil
}

func (r *relay) addr() string { return r.listener.Addr().String() }

// close ends the relay and its connections.
func (r *relay) close() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.open {
		_ = conn.Close()
	}
}

func (r *relay) setMood(m mood) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mood = m
}

func (r *relay) now() mood {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mood
}

// tries returns how often a mail was tried.
func (r *relay) tries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tried
}

func (r *relay) try() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried++
}

// refuse notes a recipient who is refused for good.
func (r *relay) refuse(who string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried++
	r.refused[who]++
}

// refusals returns how often each recipient was refused.
func (r *relay) refusals() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.refused)
}

// mails returns how many mails each recipient got.
func (r *relay) mails() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.accepted)
}

func (r *relay) serve() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return // the relay was closed
		}
		r.mu.Lock()
		r.open[conn] = struct{}{}
		r.mu.Unlock()
		go func() {
			defer func() {
				_ = conn.Close()
				r.mu.Lock()
				defer r.mu.Unlock()
				delete(r.open, conn)
			}()
			_ = conn.SetDeadline(time.Now().Add(relayClosed))
			(&dialog{relay: r, conn: conn, in: bufio.NewReader(conn)}).hold()
		}()
	}
}

// dialog is one connection to a relay.
type dialog struct {
	relay *relay
	conn  net.Conn
	in    *bufio.Reader
	mood  mood     // for the mail that is being sent
	mails int      // that were begun
	to    []string // recipients of the mail that is being sent
}

// hold speaks SMTP until either side ends.
func (d *dialog) hold() {
	d.mood = d.relay.now()
	d.relay.try()
	switch d.mood { //nolint:exhaustive // the others greet
	case silent:
		_, _ = d.in.ReadByte() // the client says nothing before the greeting: it waits until it leaves
		return
	case overloaded:
		_ = d.say("554 no service")
		return
	}
	for next := d.say("220 relay.example"); next; {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return
		}
		next = d.obey(strings.TrimRight(line, "\r\n"))
	}
}

// say sends a reply and reports whether the dialog goes on.
func (d *dialog) say(line string) bool {
	if d.mood != dripping {
		_, err := fmt.Fprintf(d.conn, "%s\r\n", line)
		return err == nil
	}
	return d.drip(line+"\r\n", dripEvery)
}

// drip sends a text byte by byte and reports whether the dialog goes on.
func (d *dialog) drip(text string, every time.Duration) bool {
	for _, b := range []byte(text) {
		if _, err := d.conn.Write([]byte{b}); err != nil {
			return false
		}
		time.Sleep(every)
	}
	return true
}

// obey answers one command and reports whether the dialog goes on.
func (d *dialog) obey(line string) bool {
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	switch verb {
	case "EHLO", "HELO", "NOOP":
		return d.say("250 relay.example")
	case "RSET":
		d.to = nil
		return d.say("250 ok")
	case "MAIL":
		d.to = nil
		if d.mails++; d.mails > 1 {
			d.mood = d.relay.now()
		}
		if d.mood == busy {
			d.relay.try()
			return d.say("451 later")
		}
		return d.say("250 ok")
	case "RCPT":
		_, rest, _ := strings.Cut(line, "<")
		who, _, _ := strings.Cut(rest, ">")
		if d.mood == disgusted {
			d.relay.refuse(who)
			return d.say("550 no such person")
		}
		d.to = append(d.to, who)
		return d.say("250 ok")
	case "DATA":
		return d.say("354 go on") && d.take()
	case "QUIT":
		_ = d.say("221 bye")
		return false
	}
	return d.say("502 unknown")
}

// take reads a mail up to its final dot, and accepts it.
func (d *dialog) take() bool {
	d.relay.try()
	for {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return false
		}
		if strings.TrimRight(line, "\r\n") == "." {
			break
		}
	}
	switch d.mood { //nolint:exhaustive // the others accept it
	case forgetful:
		return false
	case deaf:
		_, _ = d.in.ReadByte() // until the client leaves
		return false
	case dripping: // a reply that ended would accept the mail
		for more := d.drip("250 ok", dripEvery); more; more = d.drip(".", lastDripEvery) {
		}
		return false
	}
	d.relay.mu.Lock()
	for _, who := range d.to {
		d.relay.accepted[who]++
	}
	d.relay.mu.Unlock()
	return d.say("250 ok")
}

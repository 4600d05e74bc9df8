package main

import (
	"bufio"
	"context"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A sink is an SMTP server that takes every mail, counts it, and keeps the links of the newest
// ones for redemption. Each system has one of its own.
type sink struct {
	listener net.Listener
	pattern  *regexp.Regexp // its first group is what redeems

	mu   sync.Mutex
	n    int
	last time.Time
	jar  []proof
}

// A proof is what a mail lets its reader redeem.
type proof struct{ email, secret string }

// mostLinks bounds the jar; older links are dropped.
const mostLinks = 60_000

func newSink(ctx context.Context, pattern string) (*sink, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l, pattern: regexp.MustCompile(pattern), last: time.Now()}
	go s.serve()
	return s, nil
}

func (s *sink) addr() string { return s.listener.Addr().String() }

func (s *sink) close() { _ = s.listener.Close() }

func (s *sink) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.session(conn)
	}
}

// session speaks as much of RFC 5321 as clients need, with PIPELINING.
func (s *sink) session(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	reply := func(text string) { _, _ = out.WriteString(text + "\r\n") } // flushed below
	reply("220 sink")
	email := ""
	for {
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimRight(line, "\r\n"))
		switch {
		case strings.HasPrefix(verb, "EHLO"):
			reply("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8")
		case strings.HasPrefix(verb, "RCPT"):
			_, email, _ = strings.Cut(line, "<")
			email, _, _ = strings.Cut(email, ">")
			reply("250 ok")
		case verb == "DATA":
			reply("354 go on")
			if out.Flush() != nil || !s.take(in, email) {
				return
			}
			reply("250 taken")
		case verb == "QUIT":
			reply("221 bye")
			_ = out.Flush() // the client may be gone
			return
		default:
			reply("250 ok")
		}
	}
}

// take reads a mail up to its final dot, and keeps what redeems.
func (s *sink) take(in *bufio.Reader, email string) bool {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(line)
	}
	found := s.pattern.FindStringSubmatch(plain(text.String()))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	s.last = time.Now()
	if found == nil {
		return true
	}
	if len(s.jar) >= mostLinks {
		s.jar = append(s.jar[:0], s.jar[mostLinks/2:]...)
	}
	s.jar = append(s.jar, proof{email, found[1]})
	return true
}

// plain undoes the parts of quoted-printable that matter to a link, where a mail is written so.
func plain(text string) string {
	if !strings.Contains(text, "quoted-printable") {
		return text
	}
	return strings.NewReplacer("=\r\n", "", "=3D", "=", "&amp;", "&").Replace(text)
}

// redeemable returns the newest link, once.
func (s *sink) redeemable() (proof, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.jar)
	if n == 0 {
		return proof{}, false
	}
	p := s.jar[n-1]
	s.jar = s.jar[:n-1]
	return p, true
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

func (s *sink) links() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jar)
}

// lastAt is when the last mail came.
func (s *sink) lastAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// How long settle waits for a mail after the one before, and for all of them.
const stall, most = 2 * time.Second, 15 * time.Second

// settle waits until every mail that was asked for has come, and returns how many have not.
func (s *sink) settle(asked func() int) int {
	begun := time.Now()
	moved, last := begun, s.count()
	for {
		left, now := asked()-s.count(), time.Now()
		if n := s.count(); n != last {
			moved, last = now, n
		}
		if left <= 0 || now.Sub(moved) > stall || now.Sub(begun) > most {
			return max(left, 0)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

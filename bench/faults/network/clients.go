package network

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/authkit-dev/authkit"
)

// clientsCase has clients that hang up, that send slow bodies, and that send what no server
// wants.
func clientsCase(ctx context.Context, s Setting) (*Report, error) {
	report := &Report{}
	for _, part := range []func(context.Context, Setting, *Report) error{leavers, dawdlers, scribblers} {
		if err := part(ctx, s, report); err != nil {
			return report, err
		}
	}
	return report, nil
}

// heldMemory is what the hash of the client that stays takes, in bytes, so that it takes long.
const heldMemory = 64 << 20

// leavers has many clients wait in the line before the hashes, behind one hash that takes long.
// All but the first hang up. When that hash ends, no other may begin.
func leavers(ctx context.Context, s Setting, report *Report) error {
	rounds, crowd := either(s, 1, 20), either(s, 50, 500)
	child, err := start(ctx, plan{Store: "memory", Apps: 1, Limits: noLimits, Password: authkit.PasswordConfig{
		MemoryKiB: heldMemory >> 10, Time: either[uint32](s, 8, 16), Concurrent: 1, Queue: crowd + 1, QueueWait: answerWithin,
	}})
	if err != nil {
		return err
	}
	defer child.stop() //nolint:errcheck // it is checked below
	before, err := child.warmed(ctx)
	if err != nil {
		return err
	}
	decided, hashed := 0, before.Hashed
	for try := 0; decided < rounds; try++ {
		if try == 3*rounds {
			return fmt.Errorf("of %d rounds, the clients of %d hung up while the hash went on, want %d", try, decided, rounds)
		}
		inTime, err := child.hangUps(ctx, crowd, hashed)
		if err != nil {
			return err
		}
		now, err := child.state(ctx)
		if err != nil {
			return err
		}
		if inTime {
			decided++
			report.equal("clients that hang up: hashes for a crowd of which one stays", now.Hashed-hashed, 1)
		}
		hashed = now.Hashed
	}
	report.figure(true, "clients that hang up in the line", fmt.Sprintf("%d × %d", decided, crowd), "no hash begun for any of them")
	if err := child.gone(ctx, report, "clients that hang up", before); err != nil {
		return err
	}
	return child.stop()
}

// hangUps is one round, after so many hashes. inTime reports whether the clients were gone before the hash ended:
// otherwise the round shows nothing.
func (s *server) hangUps(ctx context.Context, crowd int, hashed int64) (inTime bool, err error) {
	var all sync.WaitGroup
	defer all.Wait()
	var stayed reply
	var over = make(chan struct{})
	all.Go(func() {
		defer close(over)
		stayed = s.signIn(ctx, login{0, "ann@example.com", wrongOne, peer(6, 0), "sign_in"})
	})
	if !s.until(ctx, over, func(now state) bool { return now.Heap > heldMemory }) {
		<-over
		return false, nil // it had ended before it was seen
	}
	var conns []net.Conn
	for i := range crowd {
		conn, err := s.dial(ctx, s.wire(ask{
			method: http.MethodPost, path: "/auth/credentials/" + s.app(0).String(), peer: peer(7, i),
			body: `{"email":"` + address("eve", i) + `","password":"` + wrongOne + `","intent":"sign_in"}`,
		}))
		if err != nil {
			return false, err
		}
		conns = append(conns, conn)
	}
	arrived := s.until(ctx, over, func(now state) bool { return now.Serving == int64(crowd)+1 })
	for i, conn := range conns {
		hangUp(conn, i%2 == 0)
	}
	inTime = arrived && s.until(ctx, over, func(now state) bool { return now.Serving <= 1 && now.Hashed == hashed })
	<-over
	if err := stayed.expect(http.StatusUnauthorized); err != nil {
		return false, fmt.Errorf("the client that stays: %w", err)
	}
	if !s.until(ctx, nil, func(now state) bool { return now.Serving == 0 }) {
		return false, ctx.Err()
	}
	return inTime, nil
}

// until reads the state until it is as wanted, and reports whether that was so before over.
func (s *server) until(ctx context.Context, over <-chan struct{}, wanted func(state) bool) bool {
	for {
		now, err := s.state(ctx)
		select {
		case <-over:
			return false
		default:
		}
		if err == nil && wanted(now) {
			return true
		}
		if !pause(ctx, time.Millisecond) {
			return false
		}
	}
}

// hangUp closes a connection: rudely, with a reset, or as a client does that has no more to say.
func hangUp(conn net.Conn, rudely bool) {
	if tcp, ok := conn.(*net.TCPConn); ok && rudely {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// wire returns a request with a body of text as it goes over the wire.
func (s *server) wire(a ask) string {
	body, _ := a.body.(string)
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		a.method, a.path, s.host(), a.peer, len(body), body)
}

func (s *server) host() string {
	u, _ := url.Parse(s.URL) // it was dialled before
	return u.Host
}

// dial connects and sends the text.
func (s *server) dial(ctx context.Context, text string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.host())
	if err != nil {
		return nil, err
	}
	_, err = conn.Write([]byte(text))
	return conn, err
}

// dawdlers has clients that hang up somewhere within a request whose body they send slowly.
// Others are answered meanwhile.
func dawdlers(ctx context.Context, s Setting, report *Report) error {
	child, err := start(ctx, plan{Store: "memory", Apps: 1, Limits: noLimits})
	if err != nil {
		return err
	}
	defer child.stop() //nolint:errcheck // it is checked below
	before, err := child.warmed(ctx)
	if err != nil {
		return err
	}
	n, crowd := either(s, 200, 10_000), either(s, 100, 500)
	others, broken := &times{}, make(chan error, n)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	asking, enough := context.WithCancel(ctx)
	all.Go(func() {
		steady(asking, probeRate, func(int) {
			got := child.send(ctx, ask{method: http.MethodGet, path: "/healthz"})
			others.note(got.status, got.took)
		})
	})
	each(n, crowd, func(i int) {
		if err := child.dawdle(ctx, i); err != nil {
			broken <- err
		}
	})
	enough()
	all.Wait()
	select {
	case err := <-broken:
		return err
	default:
	}
	report.hold(others.count() > 0 && others.count() == others.count(http.StatusOK), "slow bodies: answers to others", others, "200 only")
	now, err := child.state(ctx)
	if err != nil {
		return err
	}
	report.equal("slow bodies: hashes", now.Hashed, 0)
	report.equal("slow bodies: answers 500", now.Status[http.StatusInternalServerError], 0)
	if err := child.gone(ctx, report, "slow bodies", before); err != nil {
		return err
	}
	return child.stop()
}

// warmed returns the state after the requests that make what stays.
func (s *server) warmed(ctx context.Context) (state, error) {
	for range 20 {
		if got := s.send(ctx, ask{method: http.MethodGet, path: "/healthz"}); got.err != nil {
			return state{}, got.err
		}
	}
	return s.collected(ctx)
}

// dawdle sends a request a piece at a time, and hangs up before its end.
func (s *server) dawdle(ctx context.Context, i int) error {
	whole := s.wire(ask{
		method: http.MethodPost, path: "/auth/credentials/" + s.app(0).String(), peer: peer(8, i),
		body: `{"email":"` + address("eve", i) + `","password":"` + strings.Repeat("x", 200) + `"}`,
	})
	cut := 1 + rand.IntN(len(whole)-1) //nolint:gosec // it guards nothing
	conn, err := s.dial(ctx, whole[:cut/2])
	if err != nil {
		return err
	}
	defer hangUp(conn, i%2 == 0)
	for at := cut / 2; at < cut && pause(ctx, 20*time.Millisecond); at += 40 {
		_, _ = conn.Write([]byte(whole[at:min(at+40, cut)])) // it fails if the server was first
	}
	return nil
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/authkit-dev/authkit"
)

// warmUp is how many pairs are sent before those that count, and at most as many as those.
const warmUp = 25

// message is a request in its bytes.
type message []byte

// outcome is the result of measuring a flow.
type outcome struct {
	known, unknown []time.Duration
	differs        string // the answers of the first pair that were not alike
}

// asking is a request to be sent.
type asking struct {
	known bool
	message
}

// measure sends pairs of requests over one connection, with the known address first about as
// often as last. Garbage is collected between pairs, never within one, and the work that a
// request leaves to [authkit.Engine.Run] ends before the next request. A listener has no
// quieter conditions.
func measure(ctx context.Context, s *site, f flow, pairs int) (outcome, error) {
	warm := min(warmUp, pairs)
	var out outcome
	all, err := prepare(ctx, s, f, warm+pairs)
	if err != nil {
		return out, err
	}
	wire, err := dial(ctx, s.addr)
	if err != nil {
		return out, err
	}
	defer func() { _ = wire.Close() }() // all answers have arrived by then
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for i, pair := range all {
		runtime.GC()
		var shapes [2]string
		for _, a := range pair {
			if err := s.store.settle(ctx); err != nil {
				return out, err
			}
			took, got, err := wire.ask(a.message)
			if err != nil {
				return out, err
			}
			if got.status != f.status {
				return out, fmt.Errorf("%s: got %d %s, want %d", f.name, got.status, got.body, f.status)
			}
			shapes[side(a.known)] = got.shape()
			if i >= warm {
				out.add(a.known, took)
			}
		}
		if shapes[0] != shapes[1] && out.differs == "" {
			out.differs = "unknown:\n" + shapes[0] + "known:\n" + shapes[1]
		}
	}
	return out, nil
}

func side(known bool) int {
	if known {
		return 1
	}
	return 0
}

func (o *outcome) add(known bool, took time.Duration) {
	if known {
		o.known = append(o.known, took)
		return
	}
	o.unknown = append(o.unknown, took)
}

// prepare makes the pairs. Each request has another address.
func prepare(ctx context.Context, s *site, f flow, n int) ([][2]asking, error) {
	known, unknown := make([]string, n), make([]string, n)
	for i := range n {
		known[i], unknown[i] = address(), address()
		if err := f.known(ctx, s, known[i]); err != nil {
			return nil, fmt.Errorf("make an address known: %w", err)
		}
	}
	if _, err := s.engine.ChangeApp(ctx, authkit.AppRef{Developer: "bench", ID: s.app.ID}, f.settings); err != nil {
		return nil, err
	}
	out := make([][2]asking, n)
	for i := range n {
		a, err := f.request(ctx, s, known[i])
		b, other := f.request(ctx, s, unknown[i])
		if err := errors.Join(err, other); err != nil {
			return nil, fmt.Errorf("make a request: %w", err)
		}
		if len(a) != len(b) {
			return nil, fmt.Errorf("the requests of a pair have %d and %d bytes, want as many", len(a), len(b))
		}
		out[i] = [2]asking{{true, a}, {false, b}}
		if rand.IntN(2) == 0 { //nolint:gosec // not a secret
			slices.Reverse(out[i][:])
		}
	}
	return out, nil
}

// wire is a connection that is kept alive.
type wire struct {
	net.Conn

	in *bufio.Reader
}

func dial(ctx context.Context, addr string) (*wire, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{c, bufio.NewReader(c)}, nil
}

// answer is the answer to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request and measures the time until the last byte of its answer.
func (w *wire) ask(m message) (time.Duration, answer, error) {
	start := time.Now()
	if _, err := w.Write(m); err != nil {
		return 0, answer{}, err
	}
	r, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return 0, answer{}, err
	}
	body, err := io.ReadAll(r.Body)
	took := time.Since(start)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return 0, answer{}, err
	}
	if r.Close {
		return 0, answer{}, errors.New("the server ends the connection")
	}
	return took, answer{r.StatusCode, r.Header, body}, nil
}

// masked lists members and headers with random values, of which only the lengths are compared.
var masked = []string{"binding", "request_id", "X-Request-Id", "Set-Cookie"}

// shape returns an answer without its random parts.
func (a answer) shape() string {
	var out bytes.Buffer
	fmt.Fprintf(&out, "  %d, %d bytes\n", a.status, len(a.body))
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		for _, value := range a.header[name] {
			fmt.Fprintf(&out, "  %s: %s\n", name, mask(name, value))
		}
	}
	var members map[string]any
	if err := json.Unmarshal(a.body, &members); err != nil {
		fmt.Fprintf(&out, "  %q\n", a.body)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		fmt.Fprintf(&out, "  %q: %s\n", name, mask(name, fmt.Sprint(members[name])))
	}
	return out.String()
}

func mask(name, value string) string {
	if name == "Date" {
		return "…"
	}
	if !slices.Contains(masked, name) {
		return value
	}
	random, rest, _ := strings.Cut(value, ";") // keeps the attributes of a cookie
	key := ""
	if name == "Set-Cookie" {
		key, random, _ = strings.Cut(random, "=")
	}
	return fmt.Sprintf("%s %d characters;%s", key, len(random), rest)
}

package verify_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/internal/testworld"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/verify"
)

const (
	app      = "0190a000-0000-7000-8000-000000000001"
	base     = "https://a.example/auth"
	issuer   = base + "/apps/" + app
	password = "a long enough passphrase"
)

var (
	start = time.Unix(1_700_000_000, 0).UTC()
	quiet = slog.New(slog.DiscardHandler)
)

// world is a real engine behind a real server.
type world struct {
	t      *testing.T
	engine *authkit.Engine
	server *httptest.Server
	clock  *testclock.Clock
	outbox *mail.Outbox
	app    authkit.App
}

func setup(t *testing.T, change ...func(*authkit.Config)) *world {
	t.Helper()
	w := &world{t: t}
	mux := http.NewServeMux()
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	made := testworld.New(t, w.server.URL+"/id", start, slices.Insert(change, 0, func(c *authkit.Config) {
		c.ConsoleSignup, c.Limits.InsecureOff = true, true
	})...)
	w.engine, w.clock, w.outbox = made.Engine, made.Clock, made.Outbox
	mux.Handle("/id/", http.StripPrefix("/id", w.engine.Handler()))
	w.app = w.create("Demo")
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) create(name string) authkit.App {
	w.t.Helper()
	app, _, err := w.engine.CreateApp(w.t.Context(), "dev", name)
	w.ok(err)
	return app
}

func (w *world) signIn(app authkit.App) authkit.SignIn {
	w.t.Helper()
	in, err := w.engine.SignInWithPassword(w.t.Context(), authkit.PasswordSignIn{App: app.ID, Email: "ann@example.com", Password: password})
	w.ok(err)
	return in
}

func (w *world) issuer(app authkit.App) string { return w.server.URL + "/id/apps/" + app.ID.String() }

func (w *world) verifier(app authkit.App) *verify.Verifier {
	w.t.Helper()
	v, err := verify.New(verify.Config{Issuer: w.issuer(app), Now: w.clock.Now, Logger: quiet})
	w.ok(err)
	return v
}

// source is an issuer without a network that counts its requests.
type source struct {
	mu      sync.Mutex
	asked   map[string]int // by the last element of the path
	answers map[string]string
	header  http.Header
	err     error
	hold    chan struct{} // answers wait until it is closed
}

// publish returns a source of keys.
func publish(t testing.TB, keys ...token.Pair) *source {
	t.Helper()
	s := &source{asked: map[string]int{}, header: http.Header{}, answers: map[string]string{
		"openid-configuration": `{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/.well-known/jwks.json"}`,
	}}
	s.replace(t, keys...)
	return s
}

func (s *source) replace(t testing.TB, keys ...token.Pair) {
	t.Helper()
	list := []map[string]string{}
	for _, p := range keys {
		k, err := token.JWK(p.KID, p.Alg, p.Public)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, k)
	}
	b, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		t.Fatal(err)
	}
	s.set("jwks.json", string(b))
}

func (s *source) set(name, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[name] = body
}

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked["jwks.json"]
}

var errDown = errors.New("the line is cut")

// RoundTrip implements http.RoundTripper.
func (s *source) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	s.asked[name]++
	if r.URL.Host == "b.example" {
		name = "b/" + name
	}
	body, err, hold, header := s.answers[name], s.err, s.hold, s.header.Clone()
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	status := http.StatusOK
	switch {
	case err != nil:
		return nil, err
	case body == "":
		status = http.StatusNotFound
	case strings.HasPrefix(body, "https://"):
		status = http.StatusFound
		header.Set("Location", body)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewBufferString(body)), Request: r}, nil
}

// over returns a verifier that fetches from the source.
func (s *source) over(t testing.TB, now func() time.Time, change ...func(*verify.Config)) *verify.Verifier {
	t.Helper()
	c := verify.Config{Issuer: issuer, Client: &http.Client{Transport: s}, Now: now, Logger: quiet}
	for _, f := range change {
		f(&c)
	}
	v, err := verify.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func pair(t testing.TB, alg string) token.Pair {
	t.Helper()
	p, err := token.Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func access(now time.Time) token.Access {
	return token.Access{
		Issuer: issuer, Audience: app, Subject: "u", SessionID: "s", Email: "e@x.example", Name: "Ann", ID: "j",
		IssuedAt: now, ExpiresAt: now.Add(15 * time.Minute), AuthTime: now, AMR: []string{"pwd"},
	}
}

func mint(t testing.TB, p token.Pair, now time.Time) string {
	t.Helper()
	raw, err := token.Mint(p, access(now))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sign signs any header and payload with an Ed25519 key.
func sign(t testing.TB, p token.Pair, header, payload string) string {
	t.Helper()
	in := token.Encode([]byte(header)) + "." + token.Encode([]byte(payload))
	sig, err := p.Private.Sign(rand.Reader, []byte(in), crypto.Hash(0))
	if err != nil {
		t.Fatal(err)
	}
	return in + "." + token.Encode(sig)
}

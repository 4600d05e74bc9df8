package authkit_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// warnings holds the events about forwarding headers and the lines of the log.
type warnings struct {
	mu   sync.Mutex
	told []authkit.Event
	log  bytes.Buffer
}

func withWarnings(t *testing.T) (*world, *warnings) {
	t.Helper()
	seen := &warnings{}
	w := setup(t, withoutLimits, func(c *authkit.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		c.Logger = slog.New(slog.NewTextHandler(&seen.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		c.Observer = func(e authkit.Event) {
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if e.Type == authkit.EventForwardedHeader {
				seen.told = append(seen.told, e)
			}
		}
	})
	return w, seen
}

// take returns the new events as "app peer", and checks that each has its line.
func (s *warnings) take(t *testing.T) (out []string) {
	t.Helper()
	lines := strings.Count(s.log.String(), "untrusted peer")
	if lines != len(s.told) || lines != strings.Count(s.log.String(), "\n") || lines != strings.Count(s.log.String(), "level=WARN") {
		t.Errorf("log: got %s, want one warning for each of %v", &s.log, s.told)
	}
	for _, e := range s.told {
		if e.Result != "warning" || e.Reason != "untrusted_peer" || e.RequestID == "" || e.Time.IsZero() {
			t.Errorf("event: got %+v", e)
		}
		out = append(out, e.App.String()+" "+e.IP)
	}
	s.told = nil
	s.log.Reset()
	return out
}

func TestAForwardingHeaderFromAStrangerWarns(t *testing.T) {
	t.Parallel()
	w, seen := withWarnings(t)
	id, forwarded := w.app.ID.String(), "X-Forwarded-For: 198.51.100.99"
	want := func(name string, list ...string) {
		t.Helper()
		if got := seen.take(t); fmt.Sprint(got) != fmt.Sprint(list) {
			t.Errorf("%s: got %q, want %q", name, got, list)
		}
	}
	send := func(w *world, path string, headers ...string) { w.send("POST", path, "{}", headers...) }

	send(w, "/auth/credentials/"+id)
	send(w.from("10.0.0.1:1"), "/auth/credentials/"+id, forwarded)
	send(w, "/auth/credentials/"+id, "X-Forwarded-For: ")
	want("no header, or a proxy's")

	for range 3 {
		send(w, "/auth/credentials/"+id, forwarded)
		send(w, "/auth/verify/"+id, "Forwarded: for=198.51.100.99")
	}
	want("one peer in one app, however often", id+" 192.0.2.1")
	send(w, "/auth/credentials/console", "X-Real-IP: 198.51.100.99")
	want("another app", authkit.Console.String()+" 192.0.2.1")
	send(w.from("[2001:db8::1]:1"), "/auth/credentials/"+id, forwarded)
	send(w.from("[2001:db8::2]:1"), "/auth/credentials/"+id, forwarded)
	want("another peer, the same network", id+" 2001:db8::1")
	for range 3 {
		send(w, "/auth/credentials/"+uuid.NewString(), forwarded)
		send(w, "/nothing", forwarded)
	}
	want("no app", uuid.Nil.String()+" 192.0.2.1")

	w.clock.Advance(time.Minute - time.Microsecond)
	send(w, "/auth/credentials/"+id, forwarded)
	want("within a minute")
	w.clock.Advance(time.Microsecond)
	send(w, "/auth/credentials/"+id, forwarded)
	want("a minute later", id+" 192.0.2.1")
	w.clock.Advance(-time.Hour)
	send(w, "/auth/credentials/"+id, forwarded)
	want("the clock set back", id+" 192.0.2.1")
}

// If a trusted proxy writes no addresses, all clients behind it count as one peer. This is
// logged once a minute.
func TestAnUnreadableHeaderOfAProxyIsLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	w, seen := withWarnings(t)
	proxy := w.from("10.0.0.1:1")
	send := func(w *world, path, header string) { w.send("POST", path, "{}", "X-Forwarded-For: "+header) }
	want := func(name, reason string, lines int) {
		t.Helper()
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if got := strings.Count(seen.log.String(), "cannot be read"); got != lines || len(seen.told) != lines {
			t.Errorf("%s: got %d lines and %v, want %d", name, got, seen.told, lines)
		}
		for _, e := range seen.told {
			if e.Reason != reason || e.Result != "warning" || e.IP != "10.0.0.1" {
				t.Errorf("%s: got %+v", name, e)
			}
		}
		if lines > 0 && !strings.Contains(seen.log.String(), "received=unknown") {
			t.Errorf("%s: got %s, want what was received", name, &seen.log)
		}
		seen.told = nil
		seen.log.Reset()
	}
	path := w.in("/auth/verify/{app_id}")
	for _, readable := range []string{"198.51.100.7:51000", "[2001:db8:7::1]:443", "198.51.100.7, 10.0.0.1:4444", "2001:db8:7::1"} {
		send(proxy, path, readable)
	}
	want("readable ones", "", 0)
	for range 3 {
		send(proxy, path, "unknown")
		send(proxy, "/auth/verify/console", "unknown")
		send(proxy, "/healthz", "unknown")
	}
	want("in one minute", "unreadable", 1)
	w.clock.Advance(time.Minute)
	send(proxy, path, "unknown")
	want("a minute later", "unreadable", 1)
}

// Clients behind a proxy that writes ports are counted separately.
func TestClientsBehindAProxyThatWritesPorts(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	for i := range 40 {
		client := []string{"198.51.100.%d:51000", "[2001:db8:%d::1]:443", "198.51.101.%d, 127.0.0.1:4444"}[i%3]
		w.from("127.0.0.1:9").send("POST", w.in("/auth/credentials/{app_id}"), signInBody(w.nth(i), "another passphrase", "sign_in"),
			"X-Forwarded-For: "+fmt.Sprintf(client, i)).want(t, 401, "invalid_credentials")
	}
	through, _ := flood(t, func(i int) answer {
		return w.from("127.0.0.1:9").send("POST", w.in("/auth/credentials/{app_id}"), signInBody(w.nth(i), "another passphrase", "sign_in"),
			fmt.Sprintf("X-Forwarded-For: 203.0.113.5:%d", 1000+i))
	})
	if through != 20 {
		t.Errorf("one client, from many ports: got %d through, want 20", through)
	}
}

// A proxy on a Unix socket has no address. It is trusted if Config.TrustUnixSockets says so.
func TestAProxyOnAUnixSocket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trust   bool
		another int // the answer to another client, once the limit of the first is exhausted
	}{"trusted": {true, 401}, "not trusted": {false, 429}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(cfg *authkit.Config) { cfg.TrustUnixSockets = c.trust })
			var listen net.ListenConfig
			socket, err := listen.Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "s"))
			if err != nil {
				t.Fatal(err)
			}
			server := &httptest.Server{Listener: socket, Config: &http.Server{Handler: w.server, ReadHeaderTimeout: time.Minute}}
			server.Start()
			t.Cleanup(server.Close)
			client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "unix", socket.Addr().String())
			}}}
			t.Cleanup(client.CloseIdleConnections)
			try := func(i int, from string) int {
				r := w.request("POST", w.in("/auth/credentials/{app_id}"), signInBody(w.nth(i), "another passphrase", "sign_in"), "X-Forwarded-For: "+from)
				r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", "localhost"
				got, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_ = got.Body.Close()
				return got.StatusCode
			}
			for i := range 20 {
				if got := try(i, "198.51.100.7"); got != 401 {
					t.Fatalf("try %d: got %d, want 401", i, got)
				}
			}
			if got := try(20, "198.51.100.7"); got != 429 {
				t.Errorf("one too many: got %d, want 429", got)
			}
			if got := try(21, "198.51.100.8"); got != c.another {
				t.Errorf("another client: got %d, want %d", got, c.another)
			}
		})
	}
}

func TestAFloodOfForwardingHeadersIsNoneOfWarnings(t *testing.T) {
	t.Parallel()
	w, seen := withWarnings(t)
	flood := func() int {
		for i := range 200 {
			w.from(fmt.Sprintf("198.51.100.%d:1", i)).send("POST", w.in("/auth/verify/{app_id}"), "{}", "X-Forwarded-For: 192.0.2.99")
		}
		return len(seen.take(t))
	}
	if got := flood(); got != 64 {
		t.Errorf("warnings: got %d, want 64", got)
	}
	if got := flood(); got != 0 {
		t.Errorf("warnings in the same minute: got %d, want none", got)
	}
	w.clock.Advance(time.Minute)
	if got := flood(); got != 64 {
		t.Errorf("warnings a minute later: got %d, want 64", got)
	}
}

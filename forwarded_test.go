package authkit_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// warnings are the events of forwarding headers, and the log lines.
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

// take answers what was told since, as "app peer", after checking that each has its line.
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

	w.clock.advance(time.Minute - time.Microsecond)
	send(w, "/auth/credentials/"+id, forwarded)
	want("within a minute")
	w.clock.advance(time.Microsecond)
	send(w, "/auth/credentials/"+id, forwarded)
	want("a minute later", id+" 192.0.2.1")
	w.clock.advance(-time.Hour)
	send(w, "/auth/credentials/"+id, forwarded)
	want("the clock set back", id+" 192.0.2.1")
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
	w.clock.advance(time.Minute)
	if got := flood(); got != 64 {
		t.Errorf("warnings a minute later: got %d, want 64", got)
	}
}

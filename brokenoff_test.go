package authkit_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// tapped is a journal that reports each line about a refusal.
type tapped struct {
	journal

	told chan string
}

func (t tapped) Handle(ctx context.Context, r slog.Record) error {
	err := t.journal.Handle(ctx, r)
	if r.Message == "refused" || r.Message == "request failed" {
		t.told <- r.Message
	}
	return err
}

// waits is a Store that answers no question about an app before the client has gone away.
type waits struct{ authkit.Store }

func (w waits) App(ctx context.Context, id uuid.UUID) (authkit.App, error) {
	if ctx.Done() != nil && ctx.Value(http.ServerContextKey) != nil {
		<-ctx.Done()
	}
	return w.Store.App(ctx, id)
}

// This test sends half a request over a real connection and closes it.
func TestWhatAClientBreaksOffIsNoFault(t *testing.T) {
	t.Parallel()
	const head = "POST /auth/credentials/{app_id} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, c := range map[string]struct {
		raw   string
		waits bool // the client goes away while the store is asked
	}{
		"half a body":               {head + "Content-Length: 100\r\n\r\n{\"email\":", false},
		"half a chunk":              {head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"e", false},
		"no body where one follows": {head + "Content-Length: 100\r\n\r\n", false},
		"half a form":               {"POST /auth/callback/corp/{app_id} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\ncode=", false},
		"a whole request, left":     {"GET /apps/{app_id}/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEveryStore(t, func(t *testing.T, store authkit.Store) {
				log := tapped{newJournal(), make(chan string, 8)}
				if c.waits {
					store = waits{store}
				}
				s := newStageOn(t, store, withoutLimits, func(c *authkit.Config) { c.Logger = slog.New(log) })
				srv := httptest.NewServer(s.engine.Handler())
				defer srv.Close()
				conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, s.in(c.raw)); err != nil {
					t.Fatal(err)
				}
				if err := conn.Close(); err != nil {
					t.Fatal(err)
				}
				<-log.told
				for _, l := range log.refusals(t) {
					if l.Level != "INFO" || l.Msg != "refused" || (!strings.HasPrefix(l.Cause, "the client broke off: ") && l.Code != "invalid_request") {
						t.Errorf("got %+v, want a line at Info that says what the client did", l)
					}
				}
			})
		})
	}
}

// Faults of the server are logged as errors, but only a few times a minute.
func TestAStoreThatIsDownIsAnErrorAFewTimesAMinute(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s := newStage(t, withoutLimits, func(c *authkit.Config) { c.Logger = slog.New(log) })
	s.faulty.FailAlways(true)
	levels := func() string {
		before := len(log.refusals(t))
		for range 20 {
			s.send("GET", s.in("/auth/me/{app_id}"), "", bearer("nothing")).want(t, 503, "unavailable")
		}
		n := map[string]int{}
		for _, l := range log.refusals(t)[before:] {
			n[l.Level+" "+l.Msg]++
		}
		return fmt.Sprint(n)
	}
	const want = "map[ERROR request failed:5 INFO refused:15]"
	if got := levels(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.clock.Advance(time.Minute)
	if got := levels(); got != want {
		t.Errorf("a minute later: got %s, want %s", got, want)
	}
	if all := strings.Join(log.read(), ""); strings.Count(all, `"left_out":15`) != 1 {
		t.Errorf("got %s, want one line that says how many were left out", all)
	}
}

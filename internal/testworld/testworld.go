// Package testworld makes an engine for the tests of this repository, and reads what its
// handler answers. Hosts use package authkittest.
package testworld

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// World is an engine with its clock and the mails that it sent.
type World struct {
	Engine *authkit.Engine
	Config authkit.Config // as the engine was made with it
	Clock  *testclock.Clock
	Outbox *mail.Outbox // empty where a change brings another mailer
}

// New makes an engine in memory whose clock stands at a time. Passwords are hashed for speed,
// limits are on, and nothing is logged; each change is made to the configuration first. A
// store with a clock of its own goes by the engine's.
func New(tb testing.TB, baseURL string, at time.Time, change ...func(*authkit.Config)) World {
	tb.Helper()
	w := World{Clock: testclock.At(at), Outbox: mail.NewOutbox()}
	cfg := authkit.Config{
		Store: memory.New(), BaseURL: baseURL, Mailer: w.Outbox, Now: w.Clock.Now,
		Logger:   slog.New(slog.DiscardHandler),
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1},
	}
	for _, f := range change {
		f(&cfg)
	}
	cfg.Store = authkittest.Timed(cfg.Store, cfg.Now)
	engine, err := authkit.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	w.Engine, w.Config = engine, cfg
	return w
}

// refusal finds the code on the page of a refusal.
var refusal = regexp.MustCompile(`<p class="small">([a-z_]+): `)

// Members decodes the JSON object that the handler answered. The page of a refusal counts as
// an object with its code; of anything else there are no members.
func Members(status int, header http.Header, body string) (map[string]any, error) {
	if m := refusal.FindStringSubmatch(body); m != nil && status >= http.StatusBadRequest {
		return map[string]any{"code": m[1]}, nil
	}
	if t, _, _ := mime.ParseMediaType(header.Get("Content-Type")); t != "application/json" && t != "application/problem+json" {
		return nil, nil
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		return nil, fmt.Errorf("got %q, want JSON: %w", body, err)
	}
	return out, nil
}

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// resource is a resource server whose key set jose caches as it does by default: for ten
// minutes, or until a key is unknown, but then it fetches only once in thirty seconds. It is
// safe for concurrent use.
type resource struct {
	*program

	mu      sync.Mutex
	id      int
	waiting map[int]chan string
}

func newResource(t *testing.T, w *world) *resource {
	t.Helper()
	r := &resource{program: run(t, "resource.mjs", w.issuer(), w.app.ID.String()), waiting: map[int]chan string{}}
	done := make(chan struct{})
	go func() { defer close(done); r.listen() }()
	t.Cleanup(func() { r.stop(); <-done })
	r.set(w.clock.Now())
	return r
}

// listen passes answers to those who wait for them. The end of the output ends every wait.
func (r *resource) listen() {
	for r.lines.Scan() {
		var got struct {
			ID    int    `json:"id"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(r.lines.Bytes(), &got); err != nil {
			r.t.Errorf("resource.mjs: got %q: %v", r.lines.Text(), err)
			continue
		}
		r.mu.Lock()
		r.waiting[got.ID] <- got.Error
		delete(r.waiting, got.ID)
		r.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.waiting {
		c <- "resource.mjs has ended"
	}
}

func (r *resource) send(member string, value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	c := make(chan string, 1)
	r.mu.Lock()
	r.id++
	r.waiting[r.id] = c
	_, err = io.WriteString(r.in, fmt.Sprintf(`{"id":%d,%q:%s}`+"\n", r.id, member, encoded))
	r.mu.Unlock()
	if err != nil {
		return err.Error()
	}
	return <-c
}

// set moves the clock of the resource server to a time.
func (r *resource) set(now time.Time) {
	r.t.Helper()
	if err := r.send("now", now.UnixMilli()); err != "" {
		r.t.Fatalf("clock: got %q, want none", err)
	}
}

// verify returns the error of jose for a token, "" if it accepts the token.
func (r *resource) verify(token string) string { return r.send("token", token) }

// want verifies a token and compares the error.
func (r *resource) want(t *testing.T, what, token, refusal string) {
	t.Helper()
	if got := r.verify(token); got != refusal {
		t.Errorf("%s: got %q, want %q", what, got, refusal)
	}
}

// counting is a mount that counts how often key sets are read.
func counting(m mount, reads *atomic.Int64) mount {
	inner := m.in
	m.in = func(h http.Handler) http.Handler {
		return inner(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/jwks.json") {
				reads.Add(1)
			}
			h.ServeHTTP(w, r)
		}))
	}
	return m
}

package network

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// clock runs at a speed and can be moved ahead. It is safe for concurrent use.
type clock struct {
	start time.Time
	speed float64
	ahead atomic.Int64 // nanoseconds
}

func newClock(speed float64) *clock {
	if speed == 0 {
		speed = 1
	}
	return &clock{start: time.Now(), speed: speed}
}

func (c *clock) now() time.Time {
	passed := time.Duration(float64(time.Since(c.start)) * c.speed)
	return c.start.Add(passed + time.Duration(c.ahead.Load()))
}

// state is what a child reports about itself.
type state struct {
	Goroutines int
	Heap       int64            // bytes of objects
	RSS        int64            // bytes of memory that the process holds
	Conns      int64            // open connections, the one that asks included
	Serving    int64            // requests in progress
	Hashed     int64            // passwords that were compared
	Status     map[int]int64    // answers by status
	Rows       map[string]int64 // of the tables whose rows expire; SQLite only
	StoreBytes int64            // of the pages of those tables
	Now        time.Time
}

// handler serves the engine, and the paths of the test below /test/:
//
//	GET  /test/state             the state
//	POST /test/collect           the state after garbage was collected and memory given back
//	POST /test/clock?by=2m       moves the clock ahead
//	POST /test/provider?app=&name=&issuer=   configures a provider
//	POST /test/tokens?n=&ttl=    stores tokens that expire, as links would
func (c *child) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", c.counted(c.engine.Handler()))
	answer := func(act func(context.Context, url.Values) error, collect bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			err := act(r.Context(), r.URL.Query())
			if err == nil && collect {
				debug.FreeOSMemory()
			}
			var s state
			if err == nil {
				s, err = c.state(r.Context())
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(w).Encode(s) //nolint:musttag // it fails only if the parent has gone
		}
	}
	none := func(context.Context, url.Values) error { return nil }
	mux.HandleFunc("GET /test/state", answer(none, false))
	mux.HandleFunc("POST /test/collect", answer(none, true))
	mux.HandleFunc("POST /test/clock", answer(c.move, false))
	mux.HandleFunc("POST /test/provider", answer(c.configure, false))
	mux.HandleFunc("POST /test/tokens", answer(c.addTokens, false))
	return mux
}

// counted counts requests in progress, and answers by status.
func (c *child) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.serving.Add(1)
		seen := &seen{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			c.serving.Add(-1)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.status[seen.status]++
		}()
		next.ServeHTTP(seen, r)
	})
}

// seen is a ResponseWriter that keeps the status.
type seen struct {
	http.ResponseWriter

	status int
}

func (s *seen) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (c *child) move(_ context.Context, q url.Values) error {
	by, err := time.ParseDuration(q.Get("by"))
	c.clock.ahead.Add(int64(by))
	return err
}

// configure gives an app a provider whose addresses it trusts.
func (c *child) configure(ctx context.Context, q url.Values) error {
	app, err := uuid.Parse(q.Get("app"))
	if err != nil {
		return err
	}
	ref := authkit.ProviderRef{App: authkit.AppRef{Developer: developer, ID: app}, Provider: q.Get("name")}
	_, err = c.engine.CreateOAuthConfig(ctx, ref, authkit.OAuthPatch{
		ClientID: new(clientID), ClientSecret: new("a client secret"), Issuer: new(q.Get("issuer")), TrustEmail: new(true),
	})
	return err
}

// tokensPerPut is how many tokens one commit stores.
const tokensPerPut = 500

// addTokens stores n tokens of the first app that expire after ttl, in commits of 500.
func (c *child) addTokens(ctx context.Context, q url.Values) error {
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil {
		return err
	}
	ttl, err := time.ParseDuration(q.Get("ttl"))
	if err != nil {
		return err
	}
	for n > 0 {
		riders := authkit.Riders{}
		for range min(n, tokensPerPut) {
			riders.Tokens = append(riders.Tokens, c.token(ttl))
		}
		n -= len(riders.Tokens)
		if err := c.store.Put(ctx, authkit.Put{App: c.apps[0], Riders: riders}); err != nil {
			return fmt.Errorf("put tokens: %w", err)
		}
	}
	return nil
}

// token is as large as that of a link.
func (c *child) token(ttl time.Duration) authkit.Token {
	id := uuid.New()
	hash := sha256.Sum256(id[:])
	return authkit.Token{
		App: c.apps[0], Kind: "link", Slot: id.String(), Most: 5, Hash: hash[:], Binding: hash[:], Proof: hash[:],
		Data: bytes.Repeat(id[:], 20), ExpiresAt: c.clock.now().Add(ttl),
	}
}

func (c *child) state(ctx context.Context) (state, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := state{
		Goroutines: runtime.NumGoroutine(), Heap: int64(m.HeapAlloc), RSS: residentSet(int64(m.Sys - m.HeapReleased)), //nolint:gosec // far below the largest
		Conns: c.conns.Load(), Status: map[int]int64{}, Now: c.clock.now(),
	}
	s.Serving = c.serving.Load()
	s.Hashed = c.hashed.Load() // after Serving, so that the hash of a request that is over counts
	c.mu.Lock()
	maps.Copy(s.Status, c.status)
	c.mu.Unlock()
	var err error
	if c.file != "" {
		s.Rows, s.StoreBytes, err = measureFile(ctx, c.file)
	}
	return s, err
}

// residentSet returns the memory that the process holds. Where /proc does not say, it is what the
// runtime holds.
func residentSet(runtimes int64) int64 {
	status, err := os.ReadFile("/proc/self/status")
	_, after, ok := bytes.Cut(status, []byte("VmRSS:"))
	if err != nil || !ok {
		return runtimes
	}
	kB, err := strconv.ParseInt(string(bytes.Fields(after)[0]), 10, 64)
	if err != nil {
		return runtimes
	}
	return kB << 10
}

// expiring are the tables whose rows expire. Events are kept for more than a year.
var expiring = []string{"tokens", "sessions", "outbox", "limits"}

// measureFile counts the rows of those tables, and the bytes of their pages.
func measureFile(ctx context.Context, file string) (rows map[string]int64, size int64, err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, 0, err
	}
	defer db.Close() //nolint:errcheck // it was only read
	rows = map[string]int64{}
	for _, table := range expiring {
		var n, bytes int64
		if err := db.QueryRowContext(ctx, "select count(*) from authkit_"+table).Scan(&n); err != nil {
			return nil, 0, err
		}
		if err := db.QueryRowContext(ctx, "select coalesce(sum(pgsize), 0) from dbstat where aggregate = 1 and name like '%authkit_"+table+"%'").Scan(&bytes); err != nil {
			return nil, 0, err
		}
		rows[table] = n
		size += bytes
	}
	return rows, size, nil
}

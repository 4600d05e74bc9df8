package authkit_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authkit-dev/authkit"
)

// exporter is a world with apps of many users, on a port of this machine.
type exporter struct {
	*world

	base    string
	tables  crowds
	written atomic.Int64  // bytes of answers
	ended   chan struct{} // receives once for each answer that ended
}

func exporting(t *testing.T) *exporter {
	t.Helper()
	store, tables := sweptSQLite(t)
	e := &exporter{world: setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} }), tables: tables, ended: make(chan struct{}, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { e.ended <- struct{}{} }()
		e.server.ServeHTTP(&countingWriter{w, &e.written}, r)
	}))
	t.Cleanup(server.Close)
	e.base = server.URL
	return e
}

// crowd is an app with users, and a key that may list them. Each name has one KiB, so that few
// users take much memory.
type crowd struct {
	app authkit.App
	key string
	n   int
}

func (e *exporter) crowd(n int) crowd {
	e.t.Helper()
	app, key, err := e.engine.CreateApp(e.t.Context(), e.devID, fmt.Sprint(n, " users"))
	if err != nil {
		e.t.Fatal(err)
	}
	e.tables.fillUsers(e.t, app.ID, n)
	e.tables.exec(e.t, "update authkit_users set name = hex(zeroblob(512)) where app_id = '"+app.ID.String()+"'")
	return crowd{app, key, n}
}

type countingWriter struct {
	http.ResponseWriter

	n *atomic.Int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b))) // even if the client reads no more
	return c.ResponseWriter.Write(b)
}

func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// export begins to stream every user of a crowd.
func (e *exporter) export(t *testing.T, of crowd) io.ReadCloser {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.base+"/id/users/"+of.app.ID.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/x-ndjson")
	r.Header.Set("Authorization", "Bearer "+of.key)
	e.written.Store(0)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || got != "application/x-ndjson" {
		t.Fatalf("got %d %s, want 200 application/x-ndjson", res.StatusCode, got)
	}
	return res.Body
}

// wantAll reads to the end and calls f at ten points on the way.
func (c crowd) wantAll(t *testing.T, body io.Reader, f func()) {
	t.Helper()
	lines, n := bufio.NewScanner(body), 0
	for ; lines.Scan(); n++ {
		if !strings.HasPrefix(lines.Text(), `{"user_id":"`) {
			t.Fatalf("line %d: got %q, want a user", n, lines.Text())
		}
		if n%(c.n/10) == 0 {
			f()
		}
	}
	if lines.Err() != nil || n != c.n {
		t.Errorf("got %d users, %v, want %d", n, lines.Err(), c.n)
	}
}

// This test does not run in parallel, because the memory of others would be counted.
func TestExport(t *testing.T) {
	e := exporting(t)
	few, many := e.crowd(600), e.crowd(6_000)
	t.Run("takes no more memory for more users", func(t *testing.T) { constantMemory(t, e, few, many) })
	t.Run("holds no lock of the store for a reader that is slow", func(t *testing.T) { slowReader(t, e, many) })
	t.Run("ends with a reader that hangs up", func(t *testing.T) { goneReader(t, e, many) })
}

func constantMemory(t *testing.T, e *exporter, few, many crowd) {
	peak := func(of crowd) (most int64) {
		before, body := liveHeap(), e.export(t, of)
		of.wantAll(t, body, func() { most = max(most, e.restingHeap()-before) })
		<-e.ended
		if e.written.Load() < int64(of.n)<<10 {
			t.Errorf("got %d bytes of %d users, want at least one KiB each", e.written.Load(), of.n)
		}
		return most
	}
	peak(few) // fills pools and caches
	a, b := peak(few), peak(many)
	t.Logf("peaks: %d KiB for %d users, %d KiB for %d", a>>10, few.n, b>>10, many.n)
	if b-a > 4<<20 { // at most about a page; their texts differ by more than 5 MiB
		t.Errorf("got %d KiB more in use for %d users than for %d, want at most 4096", (b-a)>>10, many.n, few.n)
	}
}

// slowReader reads a byte, and the rest after others have written.
func slowReader(t *testing.T, e *exporter, of crowd) {
	body, first := e.export(t, of), make([]byte, 1)
	if _, err := io.ReadFull(body, first); err != nil {
		t.Fatal(err)
	}
	if _, err := e.engine.CreateUser(t.Context(), of.app.ID, authkit.UserRequest{Email: "ann@example.com"}); err != nil {
		t.Errorf("a user who is new meanwhile: got %v, want no error", err)
	}
	// A checkpoint that truncates waits for readers of the old data.
	var busy, pages, moved int
	if err := e.tables.db.QueryRowContext(t.Context(), "pragma wal_checkpoint(truncate)").Scan(&busy, &pages, &moved); err != nil || busy != 0 {
		t.Errorf("a checkpoint: got %v, busy %d, want no reader in its way", err, busy)
	}
	select {
	case <-e.ended:
		t.Fatal("got the end of the export before it was read, want more users than sockets hold")
	default:
	}
	of.wantAll(t, io.MultiReader(bytes.NewReader(first), body), func() {}) // without her, who came after it began
	<-e.ended
}

func goneReader(t *testing.T, e *exporter, of crowd) {
	body := e.export(t, of)
	if _, err := io.ReadFull(body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Fatal(err)
	}
	<-e.ended
	if got := e.written.Load(); got >= int64(of.n)<<10 {
		t.Errorf("got %d bytes written, want an end before the list's", got)
	}
}

// restingHeap waits until the answer waits for its reader, because objects made during a
// garbage collection count as reachable.
func (e *exporter) restingHeap() int64 {
	for {
		written := e.written.Load()
		live := min(liveHeap(), liveHeap())
		if e.written.Load() == written {
			return live
		}
	}
}

// liveHeap returns the size of the reachable memory.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

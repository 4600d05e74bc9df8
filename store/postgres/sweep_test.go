package postgres_test

import (
	"context"
	"crypto/sha256"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
)

// A token stays that takes the place of an expired one while a sweep waits for that row.
func TestASweepLeavesARowThatIsRenewedMeanwhile(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	schema := fresh(t, dsn)
	named, err := url.Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	q := named.Query()
	q.Set("application_name", q.Get("search_path"))
	named.RawQuery = q.Encode()
	s, app := withApp(t, named.String())
	now := time.Unix(1_700_000_000, 0)
	of := func(id string, until time.Time) authkit.Token {
		hash := sha256.Sum256([]byte(id))
		return authkit.Token{App: app, Kind: "reset", Slot: "ann", Most: 1, Hash: hash[:], Data: []byte(id), ExpiresAt: until}
	}
	old, renewed := of("old", now.Add(-time.Minute)), of("new", now.Add(time.Minute))
	if err := s.Put(t.Context(), authkit.Put{App: app, Riders: authkit.Riders{Tokens: []authkit.Token{old}}}); err != nil {
		t.Fatal(err)
	}
	pool := connect(t, schema)
	beside, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = beside.Rollback(context.Background()) }() // the test's own context has ended by now
	// The same update as Put makes in the place of the old token.
	if _, err := beside.Exec(t.Context(), "update authkit_tokens set hash = $1, expires_at = $2 where app_id = $3", renewed.Hash, renewed.ExpiresAt.UnixMicro(), app); err != nil {
		t.Fatal(err)
	}
	swept := make(chan error, 1)
	go func() { _, err := s.Sweep(t.Context(), now, 100); swept <- err }()
	awaitLock(t, pool, q.Get("application_name"))
	if err := beside.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-swept; err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Token(t.Context(), app, authkit.Take{Kind: renewed.Kind, Hash: renewed.Hash}, now); err != nil {
		t.Errorf("Token of the new one after the sweep: got %v, want it", err)
	}
}

// awaitLock returns once a connection of that name waits for a lock.
func awaitLock(t *testing.T, pool *pgxpool.Pool, name string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		var n int
		if err := pool.QueryRow(t.Context(), "select count(*) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'", name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("no connection waits for a lock")
}

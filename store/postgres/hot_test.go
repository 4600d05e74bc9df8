package postgres_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
)

// TestWhatEachUseChangesIsInNoIndex reads the server's count of updates that wrote no index (heap
// only tuples). One update in ten may move a row to another page, or into the next hour or day.
func TestWhatEachUseChangesIsInNoIndex(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	const uses = 200
	schema := fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES"))
	pool := connect(t, schema)
	s, err := postgres.New(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	x := trippedBy{s, newApp(t, s), time.Unix(1_700_000_000, 0)}
	u := x.user()
	session := x.session(u)
	if _, err := s.CreateUser(t.Context(), authkit.NewUser{Now: x.now, User: u, Session: session}); err != nil {
		t.Fatal(err)
	}
	for n := range uses {
		if err := x.use(t.Context(), u, session, x.now.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	pool.Close() // a connection reports its counts at its end
	for table, least := range map[string]int64{"authkit_sessions": uses * 2, "authkit_limits": uses - 1, "authkit_users": uses} {
		var updates, hot int64
		for deadline := time.Now().Add(20 * time.Second); updates < least; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the server has counted %d updates, want %d", table, updates, least)
			}
			err := connect(t, schema).QueryRow(t.Context(), "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where schemaname = current_schema() and relname = $1", table).Scan(&updates, &hot)
			if err != nil {
				t.Fatal(err)
			}
		}
		if hot*10 < updates*9 {
			t.Errorf("%s: got %d of %d updates that wrote no index, want 9 of 10", table, hot, updates)
		}
	}
}

// use rotates a session, uses it, counts against a limit and changes what a sign-in changes.
func (x trippedBy) use(ctx context.Context, u authkit.User, session *authkit.Session, now time.Time) error {
	next := uuid.New()
	until := now.Add(time.Hour)
	r := authkit.Rotation{App: x.app, Family: session.Family, Presented: session.Current, Next: next[:], Now: now, IdleUntil: until}
	if _, err := x.s.RotateSession(ctx, r); err != nil {
		return fmt.Errorf("RotateSession: %w", err)
	}
	session.Current = next[:]
	if err := x.s.UseSession(ctx, x.app, session.ID, now, until); err != nil {
		return fmt.Errorf("UseSession: %w", err)
	}
	if _, err := x.s.Hit(ctx, authkit.Hits{App: x.app, Each: []authkit.Hit{{Key: "k", Limit: 1000, Window: time.Hour}}}, now); err != nil {
		return fmt.Errorf("Hit: %w", err)
	}
	_, err := x.s.ChangeUser(ctx, authkit.UserChange{Now: now, App: x.app, ID: u.ID, Version: 1, Session: x.session(u)})
	return err
}

package postgres_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
)

// undoOnce makes the server undo the first change of a session at its commit: after it has
// returned rows, and once another step waits for the session.
const undoOnce = `
create sequence changes;
create function undo_once() returns trigger language plpgsql as $$
begin
	if nextval('changes') = 1 then
		for i in 1..800 loop
			exit when exists (select 1 from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid)));
			perform pg_sleep(0.005);
		end loop;
		raise exception 'undone' using errcode = '40001';
	end if;
	return null;
end $$;
create constraint trigger undo_once after update on authkit_sessions deferrable initially deferred for each row execute function undo_once()`

// secondRotation holds the second statement that rotates until the session has ended.
type secondRotation struct {
	trips
	rotations atomic.Int64
	ended     chan struct{}
}

func (r *secondRotation) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if strings.Contains(q.SQL, "set prev1 = ") && r.rotations.Add(1) == 2 {
		select {
		case <-r.ended:
		case <-ctx.Done():
		}
	}
	return ctx
}

// What a rotation returned before it was undone does not count: the session may have ended since.
func TestARotationThatIsUndoneFindsASessionEnded(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	schema := fresh(t, dsn)
	_, app := withApp(t, schema)
	again := &secondRotation{ended: make(chan struct{})}
	s, err := postgres.New(t.Context(), traced(t, schema, again))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	until := now.Add(time.Hour)
	user := authkit.User{App: app, ID: uuid.New(), Email: "ann@example.com", CreatedAt: now}
	session := authkit.Session{
		App: app, ID: uuid.New(), UserID: user.ID, Family: []byte("family"), Current: []byte("first"),
		AuthTime: now, CreatedAt: now, LastUsedAt: now, IdleUntil: until, Until: until,
	}
	if _, err := s.CreateUser(t.Context(), authkit.NewUser{Now: now, User: user, Session: &session}); err != nil {
		t.Fatal(err)
	}
	pool := connect(t, schema)
	if _, err := pool.Exec(t.Context(), undoOnce); err != nil {
		t.Fatal(err)
	}
	rotated := make(chan error, 1)
	go func() {
		_, err := s.RotateSession(t.Context(), authkit.Rotation{
			App: app, Family: session.Family, Presented: session.Current, Next: []byte("second"), Sealed: []byte("sealed"),
			Now: now, Grace: time.Second, IdleUntil: until,
		})
		rotated <- err
	}()
	for called := false; !called; {
		if err := pool.QueryRow(t.Context(), "select is_called from changes").Scan(&called); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EndSession(t.Context(), authkit.SessionEnd{App: app, User: user.ID, ID: session.ID, Now: now}); err != nil {
		t.Fatal(err)
	}
	close(again.ended)
	if err := <-rotated; !errors.Is(err, authkit.ErrNotFound) {
		t.Errorf("RotateSession: got %v, want ErrNotFound: the session has ended", err)
	}
}

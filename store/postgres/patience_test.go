package postgres_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
)

// TestACallThatHangsEnds makes the server hang by a lock that is never released: reads, writes,
// and calls that wait for a connection.
func TestACallThatHangsEnds(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	schema := fresh(t, dsn)
	s := impatient(t, schema)
	lock := hanging(t, schema, "authkit_apps")
	const callers = 20 // more than there are connections
	ended := make(chan error, 2*callers)
	begun := time.Now()
	for range callers {
		go func() { _, err := s.App(t.Context(), uuid.New()); ended <- err }()
		go func() { ended <- s.Put(t.Context(), authkit.Put{App: uuid.New()}) }()
	}
	for range 2 * callers {
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call: got %v, want a deadline exceeded", err)
		}
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("all calls: took %v, want them to end together", took)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.App(t.Context(), uuid.New()); !errors.Is(err, authkit.ErrNotFound) {
		t.Errorf("a call once the lock is gone: got %v, want ErrNotFound", err)
	}
}

// A statement in the middle of a step waits no longer than the bound of the step.
func TestAStepThatHangsEnds(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	schema := fresh(t, dsn)
	s, app := withApp(t, schema)
	now := time.Unix(1_700_000_000, 0)
	user := authkit.User{App: app, ID: uuid.New(), Email: "ann@example.com", CreatedAt: now}
	if _, err := s.CreateUser(t.Context(), authkit.NewUser{Now: now, User: user}); err != nil {
		t.Fatal(err)
	}
	s = impatient(t, schema)
	hanging(t, schema, "authkit_users, authkit_tokens")
	take := authkit.Take{Kind: "link", Hash: make([]byte, 32)}
	for name, step := range map[string]func(context.Context) error{
		"ChangeUser": func(ctx context.Context) error {
			_, err := s.ChangeUser(ctx, authkit.UserChange{Now: now, App: app, ID: user.ID, Version: 1, End: true})
			return err
		},
		"TakeToken": func(ctx context.Context) error { _, err := s.TakeToken(ctx, app, take, now); return err },
		"TryToken": func(ctx context.Context) error {
			_, err := s.TryToken(ctx, app, authkit.Try{Take: take, Max: 5}, now)
			return err
		},
	} {
		// The caller's own bound is far longer. It keeps the test from hanging.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		begun := time.Now()
		err := step(ctx)
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("%s: got %v after %v, want a deadline exceeded after less than two seconds", name, err, took)
		}
		cancel()
	}
}

// impatient is a store with a bound of a second and a half.
func impatient(t *testing.T, dsn string) authkit.Store {
	t.Helper()
	s, err := postgres.New(t.Context(), connect(t, dsn), postgres.WithPatience(1500*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func withApp(t *testing.T, dsn string) (authkit.Store, uuid.UUID) {
	t.Helper()
	s, app, now := open(t, dsn), uuid.New(), time.Unix(1_700_000_000, 0)
	key := authkit.SigningKey{KID: "k1", Alg: "EdDSA", Seq: 1, Public: []byte{1}, Sealed: []byte{1}, From: now}
	a := authkit.App{ID: app, Developer: "host:x", Name: "x", NameKey: "x", CreatedAt: now}
	if err := s.CreateApp(t.Context(), authkit.NewApp{App: a, First: key}); err != nil {
		t.Fatal(err)
	}
	return s, app
}

// hanging locks tables until it is rolled back or the test ends.
func hanging(t *testing.T, schema, tables string) pgx.Tx {
	t.Helper()
	lock, err := connect(t, schema).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Rollback(context.Background()) }) // the test's own context has ended by now
	if _, err := lock.Exec(t.Context(), "lock table "+tables+" in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	return lock
}

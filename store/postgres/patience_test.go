package postgres_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// TestACallThatHangsEnds lets the server hang by a lock that nobody gives back, for reads,
// for writes, and for who waits for a connection.
func TestACallThatHangsEnds(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	schema := fresh(t, dsn)
	s := open(t, schema)
	lock, err := connect(t, schema).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback(context.Background()) }() // the test's own context has ended by now
	if _, err := lock.Exec(t.Context(), "lock table authkit_apps in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	const callers = 20 // more than there are connections
	ended := make(chan error, 2*callers)
	begun := time.Now()
	for range callers {
		go func() { _, err := s.App(t.Context(), uuid.New()); ended <- err }()
		go func() { ended <- s.Put(t.Context(), uuid.New(), authkit.Also{}) }()
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

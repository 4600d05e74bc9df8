package authkit

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/thinlog"
)

// tallyStore keeps the batches that it is given.
type tallyStore struct {
	StatStore

	batches map[uuid.UUID][]StatBatch
	fails   func(calls int) error
	calls   int
}

func (s *tallyStore) AddStats(_ context.Context, app uuid.UUID, b StatBatch) error {
	s.calls++
	if s.fails != nil {
		if err := s.fails(s.calls); err != nil {
			return err
		}
	}
	s.batches[app] = append(s.batches[app], b)
	return nil
}

// sum returns the counts of an app, and how many users were noted.
func (s *tallyStore) sum(app uuid.UUID) (counts int64, users int) {
	for _, b := range s.batches[app] {
		for _, c := range b.Counts {
			counts += c.N
		}
		users += len(b.Active)
	}
	return counts, users
}

func newTestTally() (*tally, *tallyStore) {
	s := &tallyStore{batches: map[uuid.UUID][]StatBatch{}}
	now := func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }
	return newTally(s, now, thinlog.New(slog.New(slog.DiscardHandler), now)), s
}

func TestAUserIsWrittenOnceADay(t *testing.T) {
	t.Parallel()
	all, store := newTestTally()
	app, user := uuid.New(), uuid.New()
	for range 3 {
		all.used(app, user)
		if err := all.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, users := store.sum(app); users != 1 || store.calls != 1 {
		t.Errorf("got %d users in %d calls, want 1 in 1", users, store.calls)
	}
}

func TestATallyIsWrittenInSmallSteps(t *testing.T) {
	t.Parallel()
	all, store := newTestTally()
	app := uuid.New()
	for range 2*tallyBatch + 1 {
		all.used(app, uuid.New())
		all.refused(app, CodeForbidden)
	}
	if err := all.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if counts, users := store.sum(app); counts != 2*tallyBatch+1 || users != 2*tallyBatch+1 || store.calls != 3 {
		t.Errorf("got %d counts and %d users in %d calls, want all in 3", counts, users, store.calls)
	}
}

func TestATallyThatCannotBeWrittenWaits(t *testing.T) {
	t.Parallel()
	all, store := newTestTally()
	down := errors.New("down")
	store.fails = func(calls int) error {
		if calls == 2 { // the second of three steps
			return down
		}
		return nil
	}
	app := uuid.New()
	for range 3 * tallyBatch {
		all.used(app, uuid.New())
	}
	all.refused(app, CodeForbidden)
	if err := all.flush(t.Context()); !errors.Is(err, down) || store.calls != 2 {
		t.Errorf("got %v after %d calls, want %v after 2", err, store.calls, down)
	}
	if err := all.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if counts, users := store.sum(app); counts != 1 || users != 3*tallyBatch {
		t.Errorf("got %d counts and %d users, want 1 and %d", counts, users, 3*tallyBatch)
	}
	store.fails = func(int) error { return ErrNotFound }
	all.refused(app, CodeForbidden)
	if err := all.flush(t.Context()); err != nil {
		t.Errorf("of a deleted app: got %v, want nil", err)
	}
}

func TestATallyIsBounded(t *testing.T) {
	t.Parallel()
	all, store := newTestTally()
	app := uuid.New()
	for range maxTallied + 100 {
		all.used(app, uuid.New())
		all.add(tallied{app: uuid.New()}, 1)
	}
	all.refused(uuid.Nil, CodeForbidden) // of no app
	if all.users != maxTallied || len(all.counts) != maxTallied || all.lost != 200 {
		t.Errorf("got %d users, %d counts and %d lost, want %d, %d and 200", all.users, len(all.counts), all.lost, maxTallied, maxTallied)
	}
	if err := all.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, users := store.sum(app); users != maxTallied || all.users != 0 || all.lost != 0 {
		t.Errorf("got %d users, and %d and %d left, want all", users, all.users, all.lost)
	}
}

func TestDayOf(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]int64{
		time.Unix(0, 0): 0, time.Unix(86399, 999): 0, time.Unix(86400, 0): 1, time.Unix(-1, 0): -1, time.Unix(-86400, 0): -1,
		time.Date(1970, 1, 2, 1, 0, 0, 0, time.FixedZone("", 2*60*60)): 0,
	} {
		if got := dayOf(at); got != want {
			t.Errorf("%v: got %d, want %d", at, got, want)
		}
	}
}

func BenchmarkTally(b *testing.B) {
	all, _ := newTestTally()
	app, user := uuid.New(), uuid.New()
	b.Run("a user who is known", func(b *testing.B) {
		for b.Loop() {
			all.used(app, user)
		}
	})
	b.Run("an event", func(b *testing.B) {
		ev := Event{App: app, UserID: user, Type: EventSessionStart, Result: "ok", Reason: "credentials", Time: all.now()}
		for b.Loop() {
			all.event(ev)
		}
	})
}

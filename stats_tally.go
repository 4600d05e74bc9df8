package authkit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/thinlog"
)

const (
	// tallyEvery is how often Run writes what was counted. A process that crashes loses the counts of
	// so long at most.
	tallyEvery = 10 * time.Second

	maxTallied     = 65536 // counts, and active users, that wait to be written
	maxActiveKnown = 1 << 19
	tallyBatch     = 500 // users in one step of the store, since a step makes other writers wait
)

// tally counts what happens in apps until Run writes it. It is safe for concurrent use, and its
// memory is bounded: counts for which there is no room are dropped, and the log says so.
type tally struct {
	store StatStore
	now   func() time.Time
	log   *thinlog.Logger

	// The users of a day who need no write, as this process knows. A user who is missing here is
	// written once more, which changes nothing.
	seed maphash.Seed
	seen *bounded.Cache[uint64, struct{}]

	mu     sync.Mutex
	counts map[tallied]int64
	active map[uuid.UUID]map[ActiveUser]struct{} // by app
	users  int                                   // in active
	lost   int

	due nextTime // of the next write, by the clock of the process
}

// tallied is what one count is of.
type tallied struct {
	app  uuid.UUID
	day  int64
	kind StatKind
	key  string
}

func newTally(store StatStore, now func() time.Time, log *thinlog.Logger) *tally {
	return &tally{
		store: store, now: now, log: log, seed: maphash.MakeSeed(), seen: bounded.NewCache[uint64, struct{}](maxActiveKnown),
		counts: map[tallied]int64{}, active: map[uuid.UUID]map[ActiveUser]struct{}{},
	}
}

// dayOf returns the day of a time, in UTC.
func dayOf(t time.Time) int64 {
	const seconds = int64(day / time.Second)
	n := t.Unix() / seconds
	if t.Unix()%seconds < 0 {
		n--
	}
	return n
}

// event counts an event of a step that is durable.
func (t *tally) event(ev Event) {
	at := dayOf(ev.Time)
	switch {
	case ev.Result != "ok" || ev.Reason == "":
	case ev.Type == EventUserCreate: // a user whom the host or the app's server creates has no method
		t.add(tallied{ev.App, at, StatSignUp, ""}, 1)
		t.markActive(ev.App, ActiveUser{at, ev.UserID})
	case ev.Type == EventSessionStart:
		t.add(tallied{ev.App, at, StatSignIn, ev.Reason}, 1)
		t.markActive(ev.App, ActiveUser{at, ev.UserID})
	}
}

// refused counts a refusal in an app that exists.
func (t *tally) refused(app uuid.UUID, code Code) {
	if app != uuid.Nil {
		t.add(tallied{app, dayOf(t.now()), StatRefused, string(code)}, 1)
	}
}

// used notes that a user is active now.
func (t *tally) used(app, user uuid.UUID) { t.markActive(app, ActiveUser{dayOf(t.now()), user}) }

func (t *tally) add(of tallied, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.counts[of]; !known && len(t.counts) >= maxTallied {
		t.lost++
		return
	}
	t.counts[of] += n
}

func (t *tally) markActive(app uuid.UUID, a ActiveUser) {
	key := maphash.Bytes(t.seed, binary.BigEndian.AppendUint64(append(append(make([]byte, 0, 40), app[:]...), a.User[:]...), uint64(a.Day))) //nolint:gosec // its bits alone count
	if _, seen := t.seen.Get(key); !seen && t.addActive(app, a) {
		t.seen.Put(key, struct{}{})
	}
}

// addActive reports whether there was room.
func (t *tally) addActive(app uuid.UUID, a ActiveUser) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	users := t.active[app]
	if _, known := users[a]; known {
		return true
	}
	if t.users >= maxTallied {
		t.lost++
		return false
	}
	if users == nil {
		users = map[ActiveUser]struct{}{}
		t.active[app] = users
	}
	users[a] = struct{}{}
	t.users++
	return true
}

// flushIfDue is flush, at most once in tallyEvery.
func (t *tally) flushIfDue(ctx context.Context) error {
	if !t.due.reached(time.Now(), spread(tallyEvery)) {
		return nil
	}
	return t.flush(ctx)
}

// flush writes what was counted, one app at a time. What the store fails to write waits for the next
// flush; if the store did write it before it failed, it is counted twice.
func (t *tally) flush(ctx context.Context) error {
	batches, lost := t.take()
	if lost > 0 {
		t.log.Line(ctx, slog.LevelWarn, "counts", "counts were dropped: more wait to be written than there is room for", slog.Int("dropped", lost))
	}
	var failed error
	for _, b := range batches {
		for rest := b.batch; ; {
			var part StatBatch
			part, rest = rest.cut()
			if failed == nil && (len(part.Counts) > 0 || len(part.Active) > 0) {
				failed = t.write(ctx, b.app, part)
			}
			if failed != nil {
				t.putBack(b.app, part)
			}
			if len(rest.Active) == 0 {
				break
			}
		}
	}
	return failed
}

func (t *tally) write(ctx context.Context, app uuid.UUID, b StatBatch) error {
	err := t.store.AddStats(ctx, app, b)
	if err != nil && !errors.Is(err, ErrNotFound) { // the app was deleted
		return fmt.Errorf("write the counts of an app: %w", err)
	}
	return nil
}

// cut returns the first part of a batch, which one step writes, and the rest, which has no counts.
func (b StatBatch) cut() (part, rest StatBatch) {
	n := min(len(b.Active), tallyBatch)
	return StatBatch{Counts: b.Counts, Active: b.Active[:n]}, StatBatch{Active: b.Active[n:]}
}

// talliedApp is what was counted in one app.
type talliedApp struct {
	app   uuid.UUID
	batch StatBatch
}

// take returns all that was counted, and starts anew.
func (t *tally) take() (all []talliedApp, lost int) {
	t.mu.Lock()
	counts, active := t.counts, t.active
	lost = t.lost
	t.counts, t.active, t.users, t.lost = map[tallied]int64{}, map[uuid.UUID]map[ActiveUser]struct{}{}, 0, 0
	t.mu.Unlock()
	at := map[uuid.UUID]int{}
	of := func(app uuid.UUID) *StatBatch {
		i, ok := at[app]
		if !ok {
			i, at[app] = len(all), len(all)
			all = append(all, talliedApp{app: app})
		}
		return &all[i].batch
	}
	for c, n := range counts {
		b := of(c.app)
		b.Counts = append(b.Counts, Stat{Day: c.day, Kind: c.kind, Key: c.key, N: n})
	}
	for app, users := range active {
		b := of(app)
		for a := range users {
			b.Active = append(b.Active, a)
		}
	}
	return all, lost
}

func (t *tally) putBack(app uuid.UUID, b StatBatch) {
	for _, c := range b.Counts {
		t.add(tallied{app, c.Day, c.Kind, c.Key}, c.N)
	}
	for _, a := range b.Active {
		t.addActive(app, a)
	}
}

package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// writtenEvents is a store that keeps the events that are written, or fails.
type writtenEvents struct {
	mu     sync.Mutex
	fails  error
	loses  bool // the answer of a step that is done
	events []Event
}

func (w *writtenEvents) Put(_ context.Context, p Put) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails != nil {
		return w.fails
	}
	for _, ev := range p.Riders.Events {
		if slices.ContainsFunc(w.events, func(is Event) bool { return is.ID == ev.ID }) {
			return ErrConflict
		}
	}
	for _, ev := range p.Riders.Events {
		ev.App = p.App
		w.events = append(w.events, ev)
	}
	if w.loses {
		return errors.New("the connection is lost")
	}
	return nil
}

// counts returns how many events of an app there are, and the detail of those that count others.
func (w *writtenEvents) counts(app uuid.UUID) (n int, more string) {
	for _, ev := range w.events {
		switch {
		case ev.App != app:
		case ev.Type == EventMoreRefused:
			more += string(ev.Detail)
		default:
			n++
		}
	}
	return n, more
}

// refusing is a set of refusals over a store, with a clock.
type refusing struct {
	*refusals

	t     *testing.T
	store *writtenEvents
	at    time.Time
}

func newRefusing(t *testing.T) *refusing {
	t.Helper()
	r := &refusing{t: t, store: &writtenEvents{}, at: atTestTime()}
	r.refusals = newRefusals(r.store, func() time.Time { return r.at })
	return r
}

func (r *refusing) refuse(app uuid.UUID, ip string) {
	r.add(Event{ID: uuid.New(), App: app, IP: ip, Time: r.at, Type: EventSessionStart, Result: "refused"})
}

func (r *refusing) flushed() {
	r.t.Helper()
	if err := r.flush(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func TestRefusalsBeyondAHundredAMinuteAreCounted(t *testing.T) {
	t.Parallel()
	app, other := uuid.New(), uuid.New()
	for name, c := range map[string]struct {
		refuse func(r *refusing, i int)
		n      int    // written of the app
		more   string // of the app
		rest   string // of the console app
	}{
		"of one app by many peers": {func(r *refusing, i int) { r.refuse(app, fmt.Sprintf("192.0.2.%d", i%250)) }, 100, `{"count":900}`, ""},
		"of one app by Go callers": {func(r *refusing, _ int) { r.refuse(app, "") }, 100, `{"count":900}`, ""},
		"by one peer in one app":   {func(r *refusing, _ int) { r.refuse(app, "192.0.2.1") }, 100, `{"count":900}`, ""},
		"by one network of IPv6":   {func(r *refusing, i int) { r.refuse(app, fmt.Sprintf("2001:db8::%x", i)) }, 100, `{"count":900}`, ""},
		"by one peer in all apps": {func(r *refusing, i int) {
			of := app
			if i >= 50 {
				of = uuid.NewSHA1(other, fmt.Append(nil, i))
			}
			r.refuse(of, "192.0.2.1")
		}, 50, "", `{"count":900}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRefusing(t)
			for i := range 1000 {
				c.refuse(r, i)
			}
			r.flushed()
			r.at = r.at.Add(time.Minute)
			r.flushed()
			n, more := r.store.counts(app)
			if _, rest := r.store.counts(Console); n != c.n || more != c.more || rest != c.rest {
				t.Errorf("got %d written, %q counted, %q in the console app, want %d, %q, %q", n, more, rest, c.n, c.more, c.rest)
			}
			c.refuse(r, 0)
			r.flushed()
			if again, _ := r.store.counts(app); again != c.n+1 {
				t.Errorf("a minute later: got %d written, want %d", again, c.n+1)
			}
		})
	}
}

func TestRefusalsThatCannotBeWrittenWaitWithinBounds(t *testing.T) {
	t.Parallel()
	r := newRefusing(t)
	app := uuid.New()
	r.store.fails = errors.New("down")
	for range 300 {
		for i := range 100 {
			r.refuse(app, fmt.Sprintf("192.0.2.%d", i))
		}
		if err := r.flush(t.Context()); err == nil {
			t.Fatal("got no error while the store is down, want one")
		}
		r.at = r.at.Add(time.Minute)
	}
	if len(r.waiting) < maxRefusalsWaiting || len(r.waiting) > 2*maxRefusalsWaiting {
		t.Errorf("got %d waiting, want %d to %d", len(r.waiting), maxRefusalsWaiting, 2*maxRefusalsWaiting)
	}
	waited := len(r.waiting)
	r.store.fails = nil
	r.flushed()
	if len(r.store.events) < waited || len(r.waiting) != 0 {
		t.Errorf("got %d written and %d waiting, want all %d written", len(r.store.events), len(r.waiting), waited)
	}
}

// A step can be done although its answer is lost. What waits for the next one must not be taken for written.
func TestRefusalsBesideOnesThatAreWrittenAreWritten(t *testing.T) {
	t.Parallel()
	r, app := newRefusing(t), uuid.New()
	r.store.loses = true
	r.refuse(app, "192.0.2.1")
	if err := r.flush(t.Context()); err == nil {
		t.Fatal("got no error of a step whose answer was lost, want one")
	}
	r.store.loses = false
	r.refuse(app, "192.0.2.2")
	r.flushed()
	if n, _ := r.store.counts(app); n != 2 || len(r.waiting) != 0 {
		t.Errorf("got %d written and %d waiting, want both written once", n, len(r.waiting))
	}
}

func TestARefusalInAnAppThatIsGoneIsDropped(t *testing.T) {
	t.Parallel()
	for _, gone := range []error{ErrNotFound, ErrConflict} {
		r := newRefusing(t)
		r.store.fails = gone
		r.refuse(uuid.New(), "192.0.2.1")
		r.flushed()
		if len(r.waiting) != 0 {
			t.Errorf("%v: got %d waiting, want 0", gone, len(r.waiting))
		}
	}
}

package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

const (
	// maxRefusals is how many refusals of one app, and of one peer in all apps together, are
	// written in a minute. Further ones are counted: a client that fails on purpose must not be
	// able to fill a store.
	maxRefusals = 100

	// maxRefusalsWaiting bounds the refusals that wait to be written, and the apps and peers of a
	// minute that are told apart.
	maxRefusalsWaiting = 4096
)

// refusals are the refused attempts that wait to be written: [Engine.Run] writes them in batches,
// since no request waits for what a stranger did. It is safe for concurrent use.
type refusals struct {
	store refusalStore
	now   func() time.Time

	mu      sync.Mutex
	minute  time.Time         // in which the numbers were counted
	apps    map[uuid.UUID]int // how many were written, by app
	peers   map[string]int    // and by peer
	more    map[uuid.UUID]int // how many were only counted
	waiting []Event
}

// refusalStore is the verb of the store that writes events.
type refusalStore interface {
	Put(ctx context.Context, p Put) error
}

func newRefusals(store refusalStore, now func() time.Time) *refusals {
	r := &refusals{store: store, now: now}
	r.begin(time.Time{})
	return r
}

func (r *refusals) begin(minute time.Time) {
	r.minute, r.apps, r.peers, r.more = minute, map[uuid.UUID]int{}, map[string]int{}, map[uuid.UUID]int{}
}

// add takes a refusal, or counts it.
func (r *refusals) add(ev Event) {
	peer := ""
	if ev.IP != "" { // of a Go caller it is not known
		peer = httpio.PeerKey(ev.IP)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(ev.Time)
	of, by := r.apps[ev.App], r.peers[peer]
	switch {
	case of >= maxRefusals, by >= maxRefusals && peer != "", len(r.waiting) >= maxRefusalsWaiting,
		of == 0 && len(r.apps) >= maxRefusalsWaiting, by == 0 && len(r.peers) >= maxRefusalsWaiting:
		r.count(ev.App)
	default:
		r.apps[ev.App], r.peers[peer] = of+1, by+1
		r.waiting = append(r.waiting, ev)
	}
}

// count counts a refusal that is not written. The numbers of apps without a written one are those of
// the console app: a peer that tries every app must not cause a row in each.
func (r *refusals) count(app uuid.UUID) {
	if r.apps[app] == 0 {
		app = Console
	}
	r.more[app]++
}

// turn ends a minute that is over, and makes an event of each number.
func (r *refusals) turn(now time.Time) {
	if now.Sub(r.minute).Abs() < time.Minute {
		return
	}
	for app, n := range r.more {
		detail, err := json.Marshal(map[string]int{"count": n})
		if err != nil {
			continue // a number
		}
		r.waiting = append(r.waiting, Event{
			ID: eventID(now, 0), App: app, Time: r.minute, Type: EventMoreRefused, Result: "refused", Detail: detail,
		})
	}
	r.begin(now)
}

// take returns what waits, by app.
func (r *refusals) take(now time.Time) map[uuid.UUID][]Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(now)
	all := map[uuid.UUID][]Event{}
	for _, ev := range r.waiting {
		all[ev.App] = append(all[ev.App], ev)
	}
	r.waiting = nil
	return all
}

// putBack keeps events that could not be written, as far as there is room.
func (r *refusals) putBack(events []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range events {
		if len(r.waiting) < 2*maxRefusalsWaiting { // these count as well
			r.waiting = append(r.waiting, ev)
			continue
		}
		r.count(ev.App)
	}
}

// flush writes what waits. What cannot be written waits for the next flush. An app that does not
// exist has no log.
func (r *refusals) flush(ctx context.Context) error {
	var all error
	for app, events := range r.take(r.now()) {
		for batch := range slices.Chunk(events, maxRefusals) {
			if err := r.write(ctx, app, batch); err != nil {
				r.putBack(batch)
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

// write writes events. Where a step that wrote some of them has failed all the same, since its answer was
// lost, each is written by itself: others wait in one batch with them by now.
func (r *refusals) write(ctx context.Context, app uuid.UUID, batch []Event) error {
	err := r.store.Put(ctx, Put{App: app, Riders: Riders{Events: batch}})
	switch {
	case errors.Is(err, ErrConflict) && len(batch) > 1:
		for _, ev := range batch {
			if err := r.write(ctx, app, []Event{ev}); err != nil {
				return err
			}
		}
	case err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrConflict):
		return fmt.Errorf("write refused attempts: %w", err)
	}
	return nil
}

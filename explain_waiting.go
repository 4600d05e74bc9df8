package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// explainEvery is how often Run writes the explanations of refusals.
	explainEvery = 5 * time.Second

	maxWaiting   = 4096 // that wait to be written, of all apps
	maxUnchecked = 512  // of those, the ones of apps that the request did not prove to exist
)

// explanations wait until Run writes them. It is safe for concurrent use, and its memory is bounded:
// of an app the oldest gives way, and without room for an app a refusal of it is not explained.
type explanations struct {
	store ExplainStore

	mu        sync.Mutex
	of        map[uuid.UUID][]Explanation // by app, oldest first
	n         int
	unchecked int

	due nextTime // of the next write, by the clock of the process
}

func newExplanations(store ExplainStore) *explanations {
	return &explanations{store: store, of: map[uuid.UUID][]Explanation{}}
}

// add keeps an explanation. exists says that the app is known to exist.
func (r *explanations) add(app uuid.UUID, exists bool, x Explanation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !exists {
		if r.unchecked >= maxUnchecked {
			return
		}
		r.unchecked++
	}
	list := r.of[app]
	switch {
	case len(list) > 0 && (len(list) >= explainMost || r.n >= maxWaiting):
		list = slices.Delete(list, 0, 1)
	case r.n >= maxWaiting:
		return
	default:
		r.n++
	}
	r.of[app] = append(list, x)
}

// waiting returns an explanation that is not written yet.
func (r *explanations) waiting(app, request uuid.UUID) (Explanation, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.of[app]
	i := slices.IndexFunc(list, func(x Explanation) bool { return x.RequestID == request })
	if i < 0 {
		return Explanation{}, false
	}
	return list[i], true
}

// flushIfDue is flush, at most once in explainEvery.
func (r *explanations) flushIfDue(ctx context.Context) error {
	if !r.due.reached(time.Now(), spread(explainEvery)) {
		return nil
	}
	return r.flush(ctx)
}

// flush writes the explanations, one app at a time. Those that the store fails to write are dropped:
// they would crowd out newer ones.
func (r *explanations) flush(ctx context.Context) error {
	r.mu.Lock()
	all := r.of
	r.of, r.n, r.unchecked = map[uuid.UUID][]Explanation{}, 0, 0
	r.mu.Unlock()
	for app, list := range all {
		err := r.store.AddExplanations(ctx, app, list, explainMost)
		if err != nil && !errors.Is(err, ErrNotFound) { // there is no such app
			return fmt.Errorf("write why requests were refused: %w", err)
		}
	}
	return nil
}

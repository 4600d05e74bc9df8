package authkit

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// cache is a map of bounded size. When it is full, any entry gives way: what it keeps
// can always be had again.
type cache[K comparable, V any] struct {
	mu  sync.Mutex
	m   map[K]V
	max int
}

// aged is a value with the time at which it was true.
type aged[V any] struct {
	value V
	at    time.Time
}

func newCache[K comparable, V any](most int) *cache[K, V] {
	return &cache[K, V]{m: map[K]V{}, max: most}
}

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.m[k]
	return v, ok
}

func (c *cache[K, V]) put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.m[k]; !known && len(c.m) >= c.max {
		for other := range c.m {
			delete(c.m, other)
			break
		}
	}
	c.m[k] = v
}

func (c *cache[K, V]) drop(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, k)
}

// waiting is a set of apps with work for [Engine.Run]. When it is full, more is forgotten:
// it will be seen again.
type waiting struct {
	mu  sync.Mutex
	ids map[uuid.UUID]struct{}
	max int
}

func newWaiting(most int) *waiting { return &waiting{ids: map[uuid.UUID]struct{}{}, max: most} }

func (w *waiting) add(id uuid.UUID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ids) < w.max {
		w.ids[id] = struct{}{}
	}
}

// take empties it.
func (w *waiting) take() []uuid.UUID {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := slices.Collect(maps.Keys(w.ids))
	clear(w.ids)
	return ids
}

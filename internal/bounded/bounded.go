// Package bounded has maps and sets whose memory is bounded. Each type is safe for concurrent
// use.
//
//	apps := bounded.NewCache[string, int](1024)  // when full, any entry gives way
//	due := bounded.NewSet[string](1024)          // when full, further keys are forgotten
//	warned := bounded.NewThrottle[string](time.Minute, 64)
//	if warned.First("peer", time.Now()) { … }    // once a minute, for at most 64 peers
//
// None of them may hold what cannot be had again: an entry can be gone at any time.
package bounded

import (
	"maps"
	"slices"
	"sync"
)

// Cache is a map of at most a fixed number of entries.
type Cache[K comparable, V any] struct {
	mu   sync.Mutex
	m    map[K]V
	most int
}

// NewCache makes a cache of at most so many entries, at least one.
func NewCache[K comparable, V any](most int) *Cache[K, V] {
	return &Cache[K, V]{m: map[K]V{}, most: most}
}

// Get returns the value of k, and whether there is one.
func (c *Cache[K, V]) Get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.m[k]
	return v, ok
}

// Put sets the value of k. A new key in a full cache takes the place of any other.
func (c *Cache[K, V]) Put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.m[k]; !known && len(c.m) >= c.most {
		for other := range c.m {
			delete(c.m, other)
			break
		}
	}
	c.m[k] = v
}

// Drop forgets k.
func (c *Cache[K, V]) Drop(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, k)
}

// some is how many entries one call of DropSome looks at: with more than one for each Put, those
// that are over do not pile up.
const some = 3

// DropSome looks at a few entries, in no order, and drops those that are over. A caller that puts
// entries with an end calls it after each Put.
func (c *Cache[K, V]) DropSome(over func(V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := some
	for k, v := range c.m {
		if over(v) {
			delete(c.m, k)
		}
		if left--; left == 0 {
			return
		}
	}
}

// Set collects keys until they are taken.
type Set[K comparable] struct {
	mu   sync.Mutex
	m    map[K]struct{}
	most int
}

// NewSet makes an empty set of at most so many keys.
func NewSet[K comparable](most int) *Set[K] { return &Set[K]{m: map[K]struct{}{}, most: most} }

// Add adds k. A full set forgets it.
func (s *Set[K]) Add(k K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.m) < s.most {
		s.m[k] = struct{}{}
	}
}

// Take returns the keys, in any order, and empties the set. Of concurrent callers each key
// goes to one.
func (s *Set[K]) Take() []K {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := slices.Collect(maps.Keys(s.m))
	clear(s.m)
	return keys
}

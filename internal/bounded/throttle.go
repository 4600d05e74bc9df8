package bounded

import (
	"sync"
	"time"
)

// Throttle tells the first use of a key from those soon after it.
type Throttle[K comparable] struct {
	mu     sync.Mutex
	window time.Duration
	most   int
	at     map[K]time.Time
}

// NewThrottle makes a throttle that knows at most so many keys within a window.
func NewThrottle[K comparable](window time.Duration, most int) *Throttle[K] {
	return &Throttle[K]{window: window, most: most, at: map[K]time.Time{}}
}

// First reports whether k is used for the first time within the window. While as many keys
// as it may know are within their windows, it is false for any other key. A clock that was set
// back ends the windows that began later.
func (t *Throttle[K]) First(k K, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.at[k]
	if known && t.within(at, now) {
		return false
	}
	if len(t.at) >= t.most {
		for other, at := range t.at {
			if !t.within(at, now) {
				delete(t.at, other)
			}
		}
	}
	if len(t.at) >= t.most {
		return false
	}
	t.at[k] = now
	return true
}

func (t *Throttle[K]) within(at, now time.Time) bool {
	return !now.Before(at) && now.Sub(at) < t.window
}

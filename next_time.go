package authkit

import (
	"sync"
	"time"
)

// nextTime is when work of Run is due again. The zero value is due at once. It is safe for
// concurrent use.
type nextTime struct {
	mu sync.Mutex
	at time.Time
}

// reached reports whether the work is due at now, and puts it off for a while if it is.
func (n *nextTime) reached(now time.Time, wait time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Before(n.at) {
		return false
	}
	n.at = now.Add(wait)
	return true
}

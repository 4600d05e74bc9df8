package authkit

import (
	"time"

	"github.com/google/uuid"
)

// maxExhausted bounds how many exhausted limits a process remembers.
const maxExhausted = 16384

// limitKey is a key of a limit in the app that it is counted in.
type limitKey struct {
	app uuid.UUID
	key string
}

// keyOf is where a call of an app counts a hit.
func keyOf(app uuid.UUID, h Hit) limitKey {
	if h.App != uuid.Nil {
		app = h.App
	}
	return limitKey{app, h.Key}
}

// exhausted is a limit in which nothing fits until a time. Only time makes room in it (GCRA), so
// that the store would answer every process the same until then: a flood costs the store nothing.
type exhausted struct {
	by          Hit
	from, until time.Time
}

// knownExhausted is the index of the first hit whose limit is certainly exhausted, and how long
// that lasts; it is the number of hits if no limit is.
func (l *limiter) knownExhausted(app uuid.UUID, hits []Hit, now time.Time) (int, time.Duration) {
	for i, h := range hits {
		// With another rate there may be room; and before from, the clock was set back.
		s, ok := l.exhausted.Get(keyOf(app, h))
		if ok && s.by == h && !now.Before(s.from) && now.Before(s.until) {
			return i, s.until.Sub(now)
		}
	}
	return len(hits), 0
}

// noteExhausted remembers an exhausted limit, unless it is refundable, or the time of an answer
// must not tell that it is exhausted.
func (l *limiter) noteExhausted(app uuid.UUID, by count, h Hit, now time.Time, wait time.Duration) {
	if !by.limit.refundable() && !by.limit.secret() {
		l.exhausted.Put(keyOf(app, h), exhausted{h, now, now.Add(wait)})
	}
}

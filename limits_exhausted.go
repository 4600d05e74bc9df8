package authkit

import (
	"time"

	"github.com/google/uuid"
)

// maxExhausted bounds how many exhausted limits a process remembers.
const maxExhausted = 16384

// limitKey is the key of a limit, with the app in which it is counted.
type limitKey struct {
	app uuid.UUID
	key string
}

// keyOf returns the key of a hit in a call of an app.
func keyOf(app uuid.UUID, h Hit) limitKey {
	if h.App != uuid.Nil {
		app = h.App
	}
	return limitKey{app, h.Key}
}

// exhausted is a limit in which nothing fits until a time. Only time makes room in it (GCRA), so
// that the store would give every process the same answer until then, and need not be asked.
type exhausted struct {
	by          Hit
	from, until time.Time
}

// knownExhausted returns the index of the first hit whose limit is known to be exhausted, and for
// how long; the index is the number of hits if no limit is.
func (l *limiter) knownExhausted(app uuid.UUID, hits []Hit, now time.Time) (int, time.Duration) {
	for i, h := range hits {
		// At another rate there may be room. A time before from means that the clock was set back.
		s, ok := l.exhausted.Get(keyOf(app, h))
		if ok && s.by == h && !now.Before(s.from) && now.Before(s.until) {
			return i, s.until.Sub(now)
		}
	}
	return len(hits), 0
}

// noteExhausted remembers an exhausted limit, unless it is refundable, or the time of an answer
// must not show that it is exhausted.
func (l *limiter) noteExhausted(app uuid.UUID, by count, h Hit, now time.Time, wait time.Duration) {
	if !by.limit.refundable() && !by.limit.secret() {
		l.exhausted.Put(keyOf(app, h), exhausted{h, now, now.Add(wait)})
	}
}

package authkit

import (
	"time"

	"github.com/google/uuid"
)

// maxShut bounds what a process remembers of limits that are full.
const maxShut = 16384

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

// shut is a limit that was found full. Nothing but time makes room in it (GCRA), so that
// until then every process would be told the same: a flood costs the store nothing.
type shut struct {
	by          Hit
	from, until time.Time
}

// knownFull is the index of the first hit whose limit is full for sure, and how long it
// stays so; the number of hits, if there is none.
func (l *limiter) knownFull(app uuid.UUID, hits []Hit, now time.Time) (int, time.Duration) {
	for i, h := range hits {
		// With another rate there may be room; and before from, the clock was set back.
		s, ok := l.full.Get(keyOf(app, h))
		if ok && s.by == h && !now.Before(s.from) && now.Before(s.until) {
			return i, s.until.Sub(now)
		}
	}
	return len(hits), 0
}

// noteFull remembers a full limit, unless something may be given back to it, or the time of
// an answer must not tell that it is full.
func (l *limiter) noteFull(app uuid.UUID, by count, h Hit, now time.Time, wait time.Duration) {
	if h.Cost == 0 && !by.limit.returns() && !by.limit.secret() {
		l.full.Put(keyOf(app, h), shut{h, now, now.Add(wait)})
	}
}

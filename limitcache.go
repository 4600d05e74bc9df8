package authkit

import (
	"time"

	"github.com/google/uuid"
)

// maxShut bounds what a process remembers of limits that are full.
const maxShut = 16384

// limitKey is a key of a limit in its app.
type limitKey struct {
	app uuid.UUID
	key string
}

// shut is a limit that was found full. Nothing but time makes room in it (GCRA), so that
// until then every process would be told the same: a flood costs the store nothing.
type shut struct {
	by          Hit
	from, until time.Time
}

// knownFull is the index of the first hit whose limit is full for sure, and how long it
// stays so; the number of hits, if there is none.
func (e *Engine) knownFull(app uuid.UUID, hits []Hit, now time.Time) (int, time.Duration) {
	for i, h := range hits {
		// With another rate there may be room; and before from, the clock was set back.
		s, ok := e.full.get(limitKey{app, h.Key})
		if ok && s.by == h && !now.Before(s.from) && now.Before(s.until) {
			return i, s.until.Sub(now)
		}
	}
	return len(hits), 0
}

// noteFull remembers a full limit. To one that is fixed something may be given back; and of
// mail to an address, the time of the answer must not tell that it is full.
func (e *Engine) noteFull(app uuid.UUID, by count, h Hit, now time.Time, wait time.Duration) {
	mail := by.limit == limitMailEmail || by.limit == limitMailKnown || by.limit == limitMailOwner
	if by.limit.most == 0 && h.Cost == 0 && !mail {
		e.full.put(limitKey{app, h.Key}, shut{h, now, now.Add(wait)})
	}
}

package memory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const (
	maxLimits = 1 << 18 // keys that are remembered
	sample    = 16      // of these keys, the one that is free soonest makes room
)

type limitKey struct {
	app uuid.UUID
	key string
}

// Hit implements [authkit.LimitStore].
func (s *Store) Hit(ctx context.Context, hits authkit.Hits, now time.Time) (authkit.HitResult, error) {
	res := authkit.HitResult{Full: -1}
	err := s.guarded(ctx, hits.App, hits.AppVersion, func(*tenant) error {
		for i, h := range hits.Each {
			in := hits.App
			if h.App != uuid.Nil {
				in = h.App
			}
			if wait, ok := s.hit(limitKey{in, h.Key}, h, micro(now)); !ok {
				res = authkit.HitResult{Full: i, RetryAfter: wait}
				return nil
			}
		}
		return nil
	})
	return res, err
}

// hit moves the theoretical arrival time of a key (GCRA, ITU-T I.371), or returns how long
// to wait.
func (s *Store) hit(k limitKey, h authkit.Hit, now time.Time) (time.Duration, bool) {
	cost := h.Cost
	if cost == 0 {
		cost = 1
	}
	if h.Limit <= 0 || cost > h.Limit {
		return h.Window, cost < 0 // a negative cost always fits; here it gives nothing back
	}
	each := max(h.Window.Truncate(time.Microsecond)/time.Duration(h.Limit), time.Microsecond).Truncate(time.Microsecond)
	from := s.limits[k]
	// A time further ahead than an exhausted limit was written before the clock was set back. It
	// counts as now, so that it locks out no user.
	if full := now.Add(each * time.Duration(h.Limit)); from.Before(now) || from.After(full.Add(time.Minute)) {
		from = now
	}
	next := from.Add(each * time.Duration(cost))
	if wait := next.Sub(now) - each*time.Duration(h.Limit); cost > 0 && wait > 0 {
		return wait, false
	}
	if !next.After(now) {
		delete(s.limits, k)
		return 0, true
	}
	s.makeRoom(k)
	s.limits[k] = next
	return 0, true
}

// makeRoom keeps the number of keys bounded. The range over the map is in random order.
func (s *Store) makeRoom(k limitKey) {
	if _, ok := s.limits[k]; ok || len(s.limits) < maxLimits {
		return
	}
	var victim limitKey
	var soonest time.Time
	seen := 0
	for k, at := range s.limits {
		if seen == 0 || at.Before(soonest) {
			victim, soonest = k, at
		}
		if seen++; seen == sample {
			break
		}
	}
	delete(s.limits, victim)
}

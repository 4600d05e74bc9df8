package memory

import (
	"context"
	"time"
)

// Sweep implements [authkit.Upkeep]. What was in a deleted app is gone already; its id
// becomes free here.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (bool, error) {
	more := false
	err := s.step(ctx, func() error {
		now := micro(now)
		tokens, sessions, mail, limits, dead := batch{limit}, batch{limit}, batch{limit}, batch{limit}, batch{limit}
		stats, active, deliveries, explained := batch{limit}, batch{limit}, batch{limit}, batch{limit}
		for _, t := range s.apps {
			t.sweep(now, &tokens, &sessions, &mail)
			t.sweepDeliveries(now, &deliveries)
			t.sweepStats(now.Unix()/daySeconds, &stats, &active)
			t.sweepExplanations(now, &explained)
		}
		for k, at := range s.limits {
			if !at.After(now) && limits.takes() {
				delete(s.limits, k)
			}
		}
		for id := range s.dead {
			if dead.takes() {
				delete(s.dead, id)
			}
		}
		for _, b := range []batch{tokens, sessions, mail, limits, dead, stats, active, deliveries, explained} {
			more = more || b.left < 0
		}
		return nil
	})
	return more, err
}

func (t *tenant) sweep(now time.Time, tokens, sessions, mail *batch) {
	for id, x := range t.tokens {
		if !x.ExpiresAt.After(now) && tokens.takes() {
			t.dropToken(id)
		}
	}
	for id, x := range t.sessions {
		over := !x.ended.IsZero() && !x.ended.After(now) || !x.IdleUntil.After(now) || !x.Until.After(now)
		if over && sessions.takes() {
			t.dropSession(id)
		}
	}
	for id, m := range t.mail.mails {
		if !m.Expires.IsZero() && !m.Expires.After(now) && mail.takes() {
			t.mail.drop(id)
		}
	}
}

// batch counts down what may still be removed. It is below 0 if there was more to remove.
type batch struct{ left int }

func (b *batch) takes() bool {
	if b.left > 0 {
		b.left--
		return true
	}
	b.left = -1
	return false
}

package storetest

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// due returns the mails that ClaimMail should take, in its order.
func (m model) due(now time.Time, after uuid.UUID, limit int) (named []authkit.Mail) {
	var apps [][]authkit.Mail
	for _, id := range slices.SortedFunc(maps.Keys(m), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		var list []authkit.Mail
		for _, x := range m[id].mail {
			if isDue(x, now) {
				list = append(list, x)
			}
		}
		if len(list) > 0 && bytes.Compare(id[:], after[:]) > 0 && len(apps) < limit {
			slices.SortFunc(list, func(x, y authkit.Mail) int { return x.DueAt.Compare(y.DueAt) })
			apps = append(apps, list)
		}
	}
	for round := 0; len(apps) > 0 && round < limit/len(apps); round++ {
		for _, list := range apps {
			if round < len(list) {
				named = append(named, list[round])
			}
		}
	}
	return named
}

func isDue(m authkit.Mail, now time.Time) bool {
	return !now.Before(m.DueAt) && (m.Expires.IsZero() || now.Before(m.Expires))
}

func (a *modelApp) listEvents(q authkit.EventQuery) []authkit.Event {
	var list []authkit.Event
	for _, e := range a.events {
		if (q.Type == "" || e.Type == q.Type) && (q.UserID == uuid.Nil || e.UserID == q.UserID) &&
			(q.Since.IsZero() || !e.Time.Before(q.Since)) && (q.Until.IsZero() || e.Time.Before(q.Until)) {
			list = append(list, e)
		}
	}
	return page(list, q.Page, func(e authkit.Event) (time.Time, uuid.UUID) { return e.Time, e.ID })
}

// hit counts. A hit moves the time at which all is given back by Window/Limit, and fits if that
// time is then at most Limit such intervals away.
func (m model) hit(app uuid.UUID, hits []authkit.Hit, now time.Time) authkit.HitResult {
	for i, h := range hits {
		a := m[app]
		if h.App != uuid.Nil {
			a = m[h.App]
		}
		cost := max(h.Cost, 1)
		if h.Cost < 0 {
			cost = h.Cost
		}
		each := h.Window / time.Duration(h.Limit)
		free := a.limits[h.Key]
		if free.Before(now) {
			free = now
		}
		free = free.Add(time.Duration(cost) * each)
		if wait := free.Sub(now) - time.Duration(h.Limit)*each; cost > 0 && wait > 0 {
			return authkit.HitResult{Full: i, RetryAfter: wait}
		}
		a.limits[h.Key] = free
	}
	return authkit.HitResult{Full: -1}
}

// sweep removes what is expired or ended, and who was active on a day before yesterday: their number
// stays, and counts them again if they are added again.
func (m model) sweep(now time.Time) {
	today := dayOf(now)
	for app, a := range m {
		a.explained = slices.DeleteFunc(slices.Clone(a.explained), func(e authkit.Explanation) bool { return !e.Expires.After(now) })
		m[app] = a
		maps.DeleteFunc(a.active, func(u authkit.ActiveUser, _ bool) bool { return u.Day < today-1 })
		maps.DeleteFunc(a.deliveries, func(_ uuid.UUID, d authkit.Delivery) bool { return !d.Expires.After(now) })
		for id, t := range a.tokens {
			if !now.Before(t.ExpiresAt) {
				delete(a.tokens, id)
			}
		}
		for id, s := range a.sessions {
			if s.ended || !now.Before(s.IdleUntil) || !now.Before(s.Until) {
				delete(a.sessions, id)
			}
		}
		for id, x := range a.mail {
			if !x.Expires.IsZero() && !now.Before(x.Expires) {
				delete(a.mail, id)
			}
		}
	}
}

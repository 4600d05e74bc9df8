package storetest

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

// putToken puts a token in a place of its slot.
func (a *modelApp) putToken(t authkit.Token, g *against) {
	id := modelTokenID{t.Kind, string(t.Hash)}
	_, held := a.tokens[id]
	g.when(a.elsewhere(t), authkit.ErrConflict)
	var slot []modelTokenID
	for id, x := range a.tokens {
		if x.Kind == t.Kind && x.Slot == t.Slot && x.class == t.Class {
			slot = append(slot, id)
		}
	}
	if !held && len(slot) >= max(t.Most, 1) {
		delete(a.tokens, slices.MinFunc(slot, func(x, y modelTokenID) int {
			one, two := a.tokens[x], a.tokens[y]
			if one.spent != two.spent {
				return cmp.Compare(two.place(), one.place())
			}
			return one.ExpiresAt.Compare(two.ExpiresAt)
		}))
	}
	class := t.Class
	t.Most, t.Class = 0, 0
	a.tokens[id] = modelToken{Token: t, class: class}
}

// elsewhere reports whether the token's hash is held in another slot or class.
func (a *modelApp) elsewhere(t authkit.Token) bool {
	old, held := a.tokens[modelTokenID{t.Kind, string(t.Hash)}]
	return held && (old.Slot != t.Slot || old.class != t.Class)
}

// place is 1 for a spent token, which is displaced first.
func (t modelToken) place() int {
	if t.spent {
		return 1
	}
	return 0
}

// spendable finds a token that is neither spent nor expired. It ignores the user.
func (a *modelApp) spendable(k authkit.Take, now time.Time) (modelToken, bool) {
	t, ok := a.tokens[modelTokenID{k.Kind, string(k.Hash)}]
	fits := k.Binding == nil || t.Binding != nil && bytes.Equal(t.Binding, k.Binding)
	return t, ok && !t.spent && now.Before(t.ExpiresAt) && fits
}

// token finds a spendable token whose user, if it has one, has its Epoch.
func (a *modelApp) token(k authkit.Take, now time.Time) (modelToken, bool) {
	t, ok := a.spendable(k, now)
	u, there := a.users[t.UserID]
	return t, ok && (t.UserID == uuid.Nil || there && u.Epoch == t.Epoch)
}

// spend spends a whole slot.
func (a *modelApp) spend(t modelToken) {
	for id, x := range a.tokens {
		if x.Kind == t.Kind && x.Slot == t.Slot {
			x.spent = true
			a.tokens[id] = x
		}
	}
}

// try counts, whether or not the proof is right.
func (a *modelApp) try(k authkit.Take, proof []byte, most int, now time.Time) (modelToken, bool) {
	t, ok := a.token(k, now)
	if !ok || t.attempts >= most {
		return modelToken{}, false
	}
	t.attempts++
	a.tokens[modelTokenID{k.Kind, string(k.Hash)}] = t
	return t, t.Proof != nil && bytes.Equal(t.Proof, proof)
}

func expired(k authkit.APIKey, now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}

// listKeys calls a key that is expired at now inactive: the contract does not say whether a store
// still calls it active.
func listKeys(keys []authkit.APIKey, now time.Time) []authkit.APIKey {
	for i := range keys {
		keys[i].Active = keys[i].Active && !expired(keys[i], now)
	}
	return page(keys, authkit.Page{Limit: math.MaxInt}, func(k authkit.APIKey) (time.Time, uuid.UUID) { return k.CreatedAt, k.ID })
}

func (m model) rotateKey(r authkit.KeyRotation) against {
	return m.step(r.App, r.Also, func(a *modelApp, _ *against) {
		stay, next := 0, r.Next
		if r.OldUntil.After(next.CreatedAt) {
			stay = r.MaxLive - 1
		}
		var old []authkit.APIKey
		for _, k := range a.keys {
			old = append(old, k)
		}
		for _, k := range listKeys(old, next.CreatedAt) {
			if !k.Active {
				continue
			}
			if k.Active = stay > 0; k.Active {
				stay--
				if k.ExpiresAt.IsZero() || k.ExpiresAt.After(r.OldUntil) {
					k.ExpiresAt = r.OldUntil
				}
			}
			a.keys[k.ID] = k
		}
		a.forgetKeys(r.Keep, next.CreatedAt)
		next.App = r.App
		a.keys[next.ID] = next
	})
}

// forgetKeys removes all inactive keys but the newest ones; with 0, it removes no key.
func (a *modelApp) forgetKeys(keep int, now time.Time) {
	if keep == 0 {
		return
	}
	for _, k := range listKeys(slices.Collect(maps.Values(a.keys)), now) {
		if k.Active {
			continue
		}
		if keep--; keep < 0 {
			delete(a.keys, k.ID)
		}
	}
}

func (m model) putProvider(c authkit.OAuthConfig, most int, also authkit.Also) against {
	return m.step(c.App, also, func(a *modelApp, g *against) {
		old, ok := a.providers[c.Provider]
		g.when(ok && c.Version == 0, authkit.ErrConflict)
		g.when(c.Version != 0 && c.Version != old.Version, authkit.ErrStale)
		g.when(!ok && c.Version == 0 && most > 0 && len(a.providers) >= most, authkit.ErrFull)
		if ok {
			c.CreatedAt = old.CreatedAt
		}
		c.Version++
		a.providers[c.Provider] = c
	})
}

// theSecret is noted and never retired in the model, and no other is.
func theSecret() string { return secretID(1) }

func (m model) reseal(app uuid.UUID, s authkit.Sealed, next []byte, by string) against {
	return m.step(app, authkit.Also{Secret: by}, func(a *modelApp, g *against) {
		if s.Part == authkit.SealedClientSecret {
			c, ok := a.providers[s.Name]
			g.when(!ok || !bytes.Equal(c.SecretSealed, s.Blob), authkit.ErrStale)
			if ok {
				c.SecretSealed = next
				a.providers[s.Name] = c
			}
			return
		}
		n := slices.IndexFunc(a.app.Keys, func(k authkit.SigningKey) bool { return k.KID == s.Name && bytes.Equal(k.Sealed, s.Blob) })
		g.when(n < 0, authkit.ErrStale)
		if n >= 0 {
			a.app.Keys[n].Sealed = next
		}
	})
}

// due returns the mails that DueMail should name, in its order.
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

// sweep removes what is expired or ended, and old events.
func (m model) sweep(now, events time.Time) {
	for _, a := range m {
		for id, e := range a.events {
			if e.Time.Before(events) {
				delete(a.events, id)
			}
		}
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

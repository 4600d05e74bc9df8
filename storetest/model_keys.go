package storetest

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

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
	return m.step(r.App, r.Riders, func(a *modelApp, _ *against) {
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

func (m model) putProvider(c authkit.OAuthConfig, most int, riders authkit.Riders) against {
	return m.step(c.App, riders, func(a *modelApp, g *against) {
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
	return m.step(app, authkit.Riders{Secret: by}, func(a *modelApp, g *against) {
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

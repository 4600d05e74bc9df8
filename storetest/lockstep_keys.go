package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// keySteps are the steps on API keys, OAuth configurations and sealed blobs.
type keySteps struct{ *lockstep }

func (l *keySteps) steps() []step {
	return []step{
		{"RotateAPIKey", l.doRotateAPIKey},
		{"RevokeAPIKey", l.doRevokeAPIKey},
		{"TouchAPIKeys", l.doTouchAPIKeys},
		{"PutOAuthConfig", l.doPutOAuthConfig},
		{"DeleteOAuthConfig", l.doDeleteOAuthConfig},
		{"Reseal", l.doReseal},
		{"look at API keys", l.lookKeys},
		{"look at providers", l.lookProviders},
	}
}

// apiKey draws a key that no step has used.
func (l *keySteps) apiKey(app uuid.UUID) authkit.APIKey {
	k := authkit.APIKey{App: app, ID: l.fresh(), Name: "k", Scopes: []string{"users:read"}, Active: true, CreatedAt: l.at}
	k.Hash = k.ID[:]
	if l.often(3, "for a while") {
		k.ExpiresAt = l.at.Add(draw(l, "living", time.Minute, time.Hour))
	}
	return k
}

// keyOf mostly draws a key that exists.
func (l *keySteps) keyOf(app uuid.UUID) uuid.UUID {
	return drawID(l, "key", l.model(app).keys, key(1), key(2))
}

func (l *keySteps) doRotateAPIKey() {
	app := l.app()
	k, riders := l.apiKey(app), l.riders(app)
	until := draw(l, "until", time.Time{}, l.at, l.at.Add(time.Minute), l.at.Add(time.Hour))
	most, keep := draw(l, "maxLive", 1, 2, 3), draw(l, "keep", 0, 1, 2)
	r := authkit.KeyRotation{App: app, Next: k, OldUntil: until, MaxLive: most, Keep: keep, Riders: riders}
	l.answered(l.s.RotateAPIKey(l.ctx, r), l.m.rotateKey(r))
}

// doRevokeAPIKey leaves expired keys alone: the contract does not say whether they are active.
func (l *keySteps) doRevokeAPIKey() {
	app := l.app()
	id, riders := l.keyOf(app), l.riders(app)
	if expired(l.model(app).keys[id], l.at) {
		return
	}
	l.answered(l.s.RevokeAPIKey(l.ctx, app, id, riders), l.m.step(app, riders, func(a *modelApp, g *against) {
		k := a.keys[id]
		g.when(!k.Active, authkit.ErrNotFound)
		k.Active = false
		a.keys[id] = k
	}))
}

func (l *keySteps) doTouchAPIKeys() {
	app := l.app()
	used := map[uuid.UUID]time.Time{}
	for range draw(l, "keys", 1, 2) {
		used[l.keyOf(app)] = l.at.Add(-draw(l, "ago", 0, time.Second, time.Hour))
	}
	l.answered(l.s.TouchAPIKeys(l.ctx, app, used), l.m.step(app, authkit.Riders{}, func(a *modelApp, _ *against) {
		for id, at := range used {
			if k, ok := a.keys[id]; ok && at.After(k.LastUsedAt) {
				k.LastUsedAt = at
				a.keys[id] = k
			}
		}
	}))
}

func (l *keySteps) lookKeys() {
	app := l.app()
	id := l.keyOf(app)
	want := l.model(app).keys[id]
	got, err := l.s.APIKey(l.ctx, app, id[:], l.at)
	if l.found(err, want.Active && !expired(want, l.at)) {
		l.same("APIKey", got, want)
	}
	l.compareKeys(app)
}

func (l *keySteps) compareKeys(app uuid.UUID) {
	l.Helper()
	a, live := l.m[app]
	var want []authkit.APIKey
	for _, k := range a.keys {
		want = append(want, k)
	}
	got, err := l.s.APIKeys(l.ctx, app)
	if l.found(err, live) {
		l.inOrder("APIKeys", len(got), func(i int) (time.Time, uuid.UUID) { return got[i].CreatedAt, got[i].ID })
		l.same("APIKeys", listKeys(got, l.at), listKeys(want, l.at))
	}
}

// inOrder fails unless rows are newest first.
func (l *keySteps) inOrder(what string, n int, of func(i int) (time.Time, uuid.UUID)) {
	l.Helper()
	for i := 1; i < n; i++ {
		at1, id1 := of(i - 1)
		at2, id2 := of(i)
		if cmp.Or(at1.Compare(at2), slices.Compare(id1[:], id2[:])) <= 0 {
			l.Fatalf("%s: got %v, %v before %v, %v, want the newest first", what, at1, id1, at2, id2)
		}
	}
}

func (l *keySteps) doPutOAuthConfig() {
	app := l.app()
	c := authkit.OAuthConfig{
		App: app, Provider: l.provider(), ClientID: draw(l, "client", "a", "b"), Scopes: []string{"s"},
		Enabled: l.often(5, "enabled"), CreatedAt: l.at, SecretSealed: l.blob(),
	}
	c.Version = draw(l, "Version", 0, l.model(app).providers[c.Provider].Version, l.model(app).providers[c.Provider].Version, 1)
	most, riders := draw(l, "most", 0, 1, 2), l.riders(app)
	l.answered(l.s.PutOAuthConfig(l.ctx, c, most, riders), l.m.putProvider(c, most, riders))
}

func (l *keySteps) doDeleteOAuthConfig() {
	app := l.app()
	provider, riders := l.provider(), l.riders(app)
	l.answered(l.s.DeleteOAuthConfig(l.ctx, app, provider, riders), l.m.step(app, riders, func(a *modelApp, g *against) {
		_, ok := a.providers[provider]
		g.when(!ok, authkit.ErrNotFound)
		delete(a.providers, provider)
	}))
}

// doReseal mostly names keys and client secrets that exist, with the blob that stands there.
func (l *keySteps) doReseal() {
	app := l.app()
	s := authkit.Sealed{Part: authkit.SealedClientSecret, App: app, Name: l.provider(), Blob: l.blob()}
	if keys := l.model(app).app.Keys; len(keys) > 0 && l.often(5, "a key") {
		s.Part, s.Name = authkit.SealedSigningKey, keys[len(keys)-1].KID
	}
	next, by := l.blob(), secretID(draw(l, "by", 1, 1, 2))
	l.answered(l.s.Reseal(l.ctx, app, s, next, by), l.m.reseal(app, s, next, by))
}

func (l *keySteps) lookProviders() {
	app, provider := l.app(), l.provider()
	a, live := l.m[app]
	want, ok := a.providers[provider]
	got, err := l.s.OAuthConfig(l.ctx, app, provider)
	if l.found(err, ok) {
		l.same("OAuthConfig", got, want)
	}
	var all []authkit.OAuthConfig
	for _, name := range []string{"github", "google"} {
		if c, ok := a.providers[name]; ok {
			all = append(all, c)
		}
	}
	list, err := l.s.OAuthConfigs(l.ctx, app)
	if l.found(err, live) {
		l.same("OAuthConfigs", list, all)
	}
}

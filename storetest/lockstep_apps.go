package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// newApp puts a new app in the place of one. It has a user who is signed in.
func (l *lockstep) newApp(i int) {
	l.Helper()
	a := authkit.App{
		ID: uuid.New(), Developer: l.developer, Name: "App", NameKey: []string{"first", "second"}[i],
		Settings: authkit.Settings{Origins: []string{"https://x.example"}}, CreatedAt: l.at,
	}
	first, k, also := l.signingKey(1), l.apiKey(a.ID), l.also(a.ID)
	if l.answered(l.s.CreateApp(l.ctx, authkit.NewApp{App: a, First: first, Key: &k, Also: also}), l.m.createApp(a, first, &k, also)) {
		l.apps[i] = a.ID
		l.created(authkit.NewUser{Now: l.at, User: l.newUser(a.ID, key(-1), "a@x"), Session: l.session()})
	}
}

func (l *lockstep) signingKey(seq int64) authkit.SigningKey {
	return authkit.SigningKey{KID: l.fresh().String(), Alg: "ES256", Seq: seq, Public: []byte("p"), Sealed: []byte("s"), From: l.at}
}

// apiKey draws a key that no step has used.
func (l *lockstep) apiKey(app uuid.UUID) authkit.APIKey {
	k := authkit.APIKey{App: app, ID: l.fresh(), Name: "k", Scopes: []string{"users:read"}, Active: true, CreatedAt: l.at}
	k.Hash = k.ID[:]
	if l.often(3, "for a while") {
		k.ExpiresAt = l.at.Add(draw(l, "living", time.Minute, time.Hour))
	}
	return k
}

// keyOf mostly names a key that is there.
func (l *lockstep) keyOf(app uuid.UUID) uuid.UUID {
	return drawID(l, "key", l.model(app).keys, key(1), key(2))
}

func (l *lockstep) appSteps() []step {
	return []step{
		{"CreateApp", l.doCreateApp},
		{"ChangeApp", l.doChangeApp},
		{"DeleteApp", l.doDeleteApp},
		{"ConfirmDeletion", l.doConfirmDeletion},
		{"AddSigningKey", l.doAddSigningKey},
		{"RotateAPIKey", l.doRotateAPIKey},
		{"RevokeAPIKey", l.doRevokeAPIKey},
		{"TouchAPIKeys", l.doTouchAPIKeys},
		{"PutOAuthConfig", l.doPutOAuthConfig},
		{"DeleteOAuthConfig", l.doDeleteOAuthConfig},
		{"Reseal", l.doReseal},
	}
}

// doCreateApp makes an app for which there is no place, or in the place of a deleted one.
func (l *lockstep) doCreateApp() {
	for i, id := range l.apps {
		if _, live := l.m[id]; !live {
			l.newApp(i)
			return
		}
	}
	app := l.app()
	a := authkit.App{ID: draw(l, "id", app, uuid.New()), Developer: l.developer, NameKey: draw(l, "name", "first", "second", "third"), CreatedAt: l.at}
	k, also := l.apiKey(a.ID), l.also(app)
	if !l.m.named(l.developer, a.NameKey, uuid.Nil) {
		a.ID = app // or it would be one too many
	}
	first := l.signingKey(1)
	l.answered(l.s.CreateApp(l.ctx, authkit.NewApp{App: a, First: first, Key: &k, Also: also}), l.m.createApp(a, first, &k, also))
}

func (l *lockstep) doChangeApp() {
	app := l.app()
	c := authkit.AppChange{App: app, Version: l.model(app).app.Version + draw[int64](l, "ahead", 0, 0, 0, 1, -1), Also: l.also(app)}
	if l.often(5, "with a name") {
		c.Name, c.NameKey = new(draw(l, "name", "A", "B")), new(draw(l, "key", "first", "second", "third"))
	}
	if l.often(5, "with settings") {
		c.Settings = &authkit.Settings{SignupClosed: l.often(5, "closed"), RedirectURLs: []string{draw(l, "url", "a", "b")}}
	}
	got, err := l.s.ChangeApp(l.ctx, c)
	if l.answered(err, l.m.changeApp(c)) {
		l.same("ChangeApp", got, l.m[app].app)
	}
}

func (l *lockstep) doDeleteApp() {
	app := l.app()
	if !l.often(2, "really") {
		app = uuid.New()
	}
	also := l.also(app)
	if l.answered(l.s.DeleteApp(l.ctx, app, l.at, also), l.m.deleteApp(app, also)) {
		l.deleted[app] = struct{}{}
	}
}

func (l *lockstep) doConfirmDeletion() {
	app, developer := drawID(l, "app", l.deleted, l.apps[0], l.apps[1]), draw(l, "developer", l.developer, l.developer, "host:else")
	_, dead := l.deleted[app]
	var want against
	want.when(!dead || developer != l.developer, authkit.ErrNotFound)
	l.answered(l.s.ConfirmDeletion(l.ctx, app, developer), want)
}

func (l *lockstep) doAddSigningKey() {
	app := l.app()
	keys, newest := l.model(app).app.Keys, int64(0)
	if len(keys) > 0 {
		newest = keys[len(keys)-1].Seq
	}
	k, also := l.signingKey(newest+draw[int64](l, "ahead", 1, 1, 1, 2, 0, -1)), l.also(app)
	if l.often(2, "of a taken KID") && len(keys) > 0 {
		k.KID = keys[0].KID
	}
	oldest := draw(l, "oldest", 0, 0, newest-1, newest, k.Seq, k.Seq+1)
	l.answered(l.s.AddSigningKey(l.ctx, app, k, oldest, also), l.m.addSigningKey(app, k, oldest, also))
}

func (l *lockstep) doRotateAPIKey() {
	app := l.app()
	k, also := l.apiKey(app), l.also(app)
	until := draw(l, "until", time.Time{}, l.at, l.at.Add(time.Minute), l.at.Add(time.Hour))
	most, keep := draw(l, "maxLive", 1, 2, 3), draw(l, "keep", 0, 1, 2)
	r := authkit.KeyRotation{App: app, Next: k, OldUntil: until, MaxLive: most, Keep: keep, Also: also}
	l.answered(l.s.RotateAPIKey(l.ctx, r), l.m.rotateKey(r))
}

// doRevokeAPIKey leaves keys that are expired alone: whether they are active is left open.
func (l *lockstep) doRevokeAPIKey() {
	app := l.app()
	id, also := l.keyOf(app), l.also(app)
	if expired(l.model(app).keys[id], l.at) {
		return
	}
	l.answered(l.s.RevokeAPIKey(l.ctx, app, id, also), l.m.step(app, also, func(a *modelApp, g *against) {
		k := a.keys[id]
		g.when(!k.Active, authkit.ErrNotFound)
		k.Active = false
		a.keys[id] = k
	}))
}

func (l *lockstep) doTouchAPIKeys() {
	app := l.app()
	used := map[uuid.UUID]time.Time{}
	for range draw(l, "keys", 1, 2) {
		used[l.keyOf(app)] = l.at.Add(-draw(l, "ago", 0, time.Second, time.Hour))
	}
	l.answered(l.s.TouchAPIKeys(l.ctx, app, used), l.m.step(app, authkit.Also{}, func(a *modelApp, _ *against) {
		for id, at := range used {
			if k, ok := a.keys[id]; ok && at.After(k.LastUsedAt) {
				k.LastUsedAt = at
				a.keys[id] = k
			}
		}
	}))
}

func (l *lockstep) provider() string { return draw(l, "provider", "github", "google") }

func (l *lockstep) doPutOAuthConfig() {
	app := l.app()
	c := authkit.OAuthConfig{
		App: app, Provider: l.provider(), ClientID: draw(l, "client", "a", "b"), Scopes: []string{"s"},
		Enabled: l.often(5, "enabled"), CreatedAt: l.at, SecretSealed: l.blob(),
	}
	c.Version = draw(l, "Version", 0, l.model(app).providers[c.Provider].Version, l.model(app).providers[c.Provider].Version, 1)
	most, also := draw(l, "most", 0, 1, 2), l.also(app)
	l.answered(l.s.PutOAuthConfig(l.ctx, c, most, also), l.m.putProvider(c, most, also))
}

func (l *lockstep) blob() []byte { return []byte(draw(l, "blob", "s", "t")) }

// doReseal meets keys and client secrets that are there, mostly, under the blob that is.
func (l *lockstep) doReseal() {
	app := l.app()
	s := authkit.Sealed{Part: authkit.SealedClientSecret, App: app, Name: l.provider(), Blob: l.blob()}
	if keys := l.model(app).app.Keys; len(keys) > 0 && l.often(5, "a key") {
		s.Part, s.Name = authkit.SealedSigningKey, keys[len(keys)-1].KID
	}
	next, by := l.blob(), secretID(draw(l, "by", 1, 1, 2))
	l.answered(l.s.Reseal(l.ctx, app, s, next, by), l.m.reseal(app, s, next, by))
}

func (l *lockstep) doDeleteOAuthConfig() {
	app := l.app()
	provider, also := l.provider(), l.also(app)
	l.answered(l.s.DeleteOAuthConfig(l.ctx, app, provider, also), l.m.step(app, also, func(a *modelApp, g *against) {
		_, ok := a.providers[provider]
		g.when(!ok, authkit.ErrNotFound)
		delete(a.providers, provider)
	}))
}

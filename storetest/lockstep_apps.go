package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// appSteps are the steps on apps and their signing keys, and the passing of time.
type appSteps struct {
	*lockstep

	keys  *keySteps
	users *userSteps
}

func (l *appSteps) steps() []step {
	return []step{
		{"CreateApp", l.doCreateApp},
		{"ChangeApp", l.doChangeApp},
		{"DeleteApp", l.doDeleteApp},
		{"ConfirmDeletion", l.doConfirmDeletion},
		{"AddSigningKey", l.doAddSigningKey},
		{"look at an app", l.lookApp},
		{"time moves", l.doWait},
	}
}

// newApp puts a new app in place i. It has a user who is signed in.
func (l *appSteps) newApp(i int) {
	l.Helper()
	a := authkit.App{
		ID: uuid.New(), Developer: l.developer, Name: "App", NameKey: []string{"first", "second"}[i],
		Settings: authkit.Settings{Origins: []string{"https://x.example"}}, CreatedAt: l.at,
	}
	first, k, riders := l.signingKey(1), l.keys.apiKey(a.ID), l.riders(a.ID)
	if l.answered(l.s.CreateApp(l.ctx, authkit.NewApp{App: a, First: first, Key: &k, Riders: riders}), l.m.createApp(a, first, &k, riders)) {
		l.apps[i] = a.ID
		l.users.created(authkit.NewUser{Now: l.at, User: l.users.newUser(a.ID, key(-1), "a@x"), Session: l.users.sessions.session()})
	}
}

func (l *appSteps) signingKey(seq int64) authkit.SigningKey {
	return authkit.SigningKey{KID: l.fresh().String(), Alg: "ES256", Seq: seq, Public: []byte("p"), Sealed: []byte("s"), From: l.at}
}

// doCreateApp makes an app in the place of a deleted one or, if both live, one that is refused.
func (l *appSteps) doCreateApp() {
	for i, id := range l.apps {
		if _, live := l.m[id]; !live {
			l.newApp(i)
			return
		}
	}
	app := l.app()
	a := authkit.App{ID: draw(l, "id", app, uuid.New()), Developer: l.developer, NameKey: draw(l, "name", "first", "second", "third"), CreatedAt: l.at}
	k, riders := l.keys.apiKey(a.ID), l.riders(app)
	if !l.m.named(l.developer, a.NameKey, uuid.Nil) {
		a.ID = app // otherwise it would succeed, and be one too many
	}
	first := l.signingKey(1)
	l.answered(l.s.CreateApp(l.ctx, authkit.NewApp{App: a, First: first, Key: &k, Riders: riders}), l.m.createApp(a, first, &k, riders))
}

func (l *appSteps) doChangeApp() {
	app := l.app()
	c := authkit.AppChange{App: app, Version: l.model(app).app.Version + draw[int64](l, "ahead", 0, 0, 0, 1, -1), Riders: l.riders(app)}
	if l.often(5, "with a name") {
		c.Name, c.NameKey = new(draw(l, "name", "A", "B")), new(draw(l, "key", "first", "second", "third"))
	}
	if l.often(5, "with settings") {
		c.Settings = &authkit.Settings{SignupClosed: l.often(5, "closed"), RedirectURLs: []string{draw(l, "url", "a", "b")}}
	}
	if l.often(5, "with a logo") {
		c.Logo = &authkit.Logo{}
		if name := draw(l, "logo", "", "a", "b"); name != "" {
			c.Logo = new(logo(name))
		}
	}
	if l.often(5, "with foreign hashes") {
		c.ForeignHashes = &[]string{draw(l, "hash", "a", "b")}
	}
	got, err := l.s.ChangeApp(l.ctx, c)
	if l.answered(err, l.m.changeApp(c)) {
		l.same("ChangeApp", got, l.m[app].app)
	}
}

func (l *appSteps) doDeleteApp() {
	app := l.app()
	if !l.often(2, "really") {
		app = uuid.New()
	}
	riders := l.riders(app)
	if l.answered(l.s.DeleteApp(l.ctx, app, l.at, riders), l.m.deleteApp(app, riders)) {
		l.deleted[app] = struct{}{}
	}
}

func (l *appSteps) doConfirmDeletion() {
	app, developer := drawID(l, "app", l.deleted, l.apps[0], l.apps[1]), draw(l, "developer", l.developer, l.developer, "host:else")
	_, dead := l.deleted[app]
	var want against
	want.when(!dead || developer != l.developer, authkit.ErrNotFound)
	l.answered(l.s.ConfirmDeletion(l.ctx, app, developer), want)
}

func (l *appSteps) doAddSigningKey() {
	app := l.app()
	keys, newest := l.model(app).app.Keys, int64(0)
	if len(keys) > 0 {
		newest = keys[len(keys)-1].Seq
	}
	k, riders := l.signingKey(newest+draw[int64](l, "ahead", 1, 1, 1, 2, 0, -1)), l.riders(app)
	if l.often(2, "of a taken KID") && len(keys) > 0 {
		k.KID = keys[0].KID
	}
	oldest := draw(l, "oldest", 0, 0, newest-1, newest, k.Seq, k.Seq+1)
	l.answered(l.s.AddSigningKey(l.ctx, app, k, oldest, riders), l.m.addSigningKey(app, k, oldest, riders))
}

func (l *appSteps) lookApp() {
	app := l.app()
	want, ok := l.m[app]
	got, err := l.s.App(l.ctx, app)
	if l.found(err, ok) {
		l.same("App", got, want.app)
	}
	picture, err := l.s.Logo(l.ctx, app)
	if l.found(err, want.app.Logo != "") {
		l.same("Logo", picture, want.logo)
	}
	p := authkit.Page{Limit: draw(l, "limit", 1, 2)}
	list, err := l.s.Apps(l.ctx, l.developer, p)
	l.answered(err, nil)
	l.same("Apps", list, l.m.apps(l.developer, p))
}

// doWait moves the clock, and sometimes sweeps.
func (l *appSteps) doWait() {
	l.at = l.at.Add(draw(l, "by", time.Second, 5*time.Second, 10*time.Second, 20*time.Second, time.Minute, time.Hour))
	if !l.often(2, "and sweeps") {
		return
	}
	l.answered(sweep(l.ctx, l.s, l.at), nil)
	l.m.sweep(l.at)
	clear(l.deleted)
}

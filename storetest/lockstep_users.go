package storetest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func (l *lockstep) userSteps() []step {
	change := func(list ...func(c *authkit.UserChange)) func() { return func() { l.doChangeUser(list) } }
	return []step{
		{"CreateUser", l.doCreateUser},
		{"CreateUser", l.doCreateUser},
		{"DeleteUser", l.doDeleteUser},
		{"ChangeUser, fields", change(l.changeFields)},
		{"ChangeUser, credentials", change(l.changeCredentials)},
		{"ChangeUser, session", change(l.changeSession)},
		{"ChangeUser, session and token", change(l.changeSession, l.changeToken)},
		{"ChangeUser, session, token and fields", change(l.changeSession, l.changeToken, l.changeFields)},
		{"ChangeUser, token", change(l.changeToken)},
		{"ChangeUser, end", change(l.changeEnd)},
		{"ChangeUser, token and end", change(l.changeToken, l.changeEnd)},
		{"ChangeUser, all", change(l.changeFields, l.changeCredentials, l.changeEnd, l.changeSession, l.changeToken)},
		{"ChangeUser, no guard", l.doChangeUnguarded},
		{"RotateSession", l.doRotateSession},
		{"RotateSession", l.doRotateSession},
		{"RotateSession, back", l.doTurnBack},
		{"UseSession", l.doUseSession},
		{"EndSession", l.doEndSession},
	}
}

// session draws a session that no step has started.
func (l *lockstep) session() *authkit.Session {
	id := l.fresh()
	s := authkit.Session{
		ID: id, AuthTime: l.at, CreatedAt: l.at, LastUsedAt: l.at, IdleUntil: l.soon().Add(time.Minute), Until: l.soon().Add(10 * time.Minute),
		AMR: []string{"pwd"}, UserAgent: "agent",
	}
	if l.often(8, "with a refresh token") {
		s.Family, s.Current = hash("family "+id.String()), secret(id, 0)
	} else {
		s.Cookie = cookieOf(id)
	}
	l.known = append(l.known, id)
	return &s
}

// secret is the n-th refresh token of a session.
func secret(session uuid.UUID, n int) []byte { return hash(session.String() + strconv.Itoa(n)) }

func cookieOf(session uuid.UUID) []byte { return hash("cookie " + session.String()) }

// sessionOf mostly names a live session, else a dead one, or one of the other app.
func (l *lockstep) sessionOf(app uuid.UUID) uuid.UUID {
	live, a := map[uuid.UUID]modelSession{}, l.model(app)
	for id, s := range a.sessions {
		if a.alive(s, l.at) {
			live[id] = s
		}
	}
	return drawID(l, "session", live, l.known...)
}

func (l *lockstep) doCreateUser() {
	app := l.app()
	u := l.newUser(app, l.user(), l.email())
	u.AuthMethod = draw(l, "method", "credentials", "oauth")
	c := authkit.NewUser{Now: l.at, User: u}
	for range draw(l, "credentials", 0, 1, 1) {
		c.Credentials = append(c.Credentials, l.subject())
	}
	if l.often(3, "by a token") {
		c.Take = new(l.take(app))
	}
	if l.often(5, "signs in") {
		c.Session = l.session()
	}
	c.Also = l.also(app)
	l.created(c)
}

func (l *lockstep) newUser(app, id uuid.UUID, email string) authkit.User {
	return authkit.User{App: app, ID: id, Email: email, EmailTyped: email, Name: email, NameKey: email, CreatedAt: l.at.Truncate(time.Minute)}
}

func (l *lockstep) created(c authkit.NewUser) {
	l.Helper()
	want, g := l.m.createUser(c)
	got, err := l.s.CreateUser(l.ctx, c)
	if l.answered(err, g) {
		l.same("CreateUser", got, want)
	}
}

func (l *lockstep) doDeleteUser() {
	app := l.app()
	user, also := l.user(), l.also(app)
	if l.often(5, "spare") {
		user = key(0)
	}
	version := draw(l, "Version", 0, 0, l.model(app).users[user].Version, l.model(app).users[user].Version, 1)
	l.answered(l.s.DeleteUser(l.ctx, authkit.UserRemoval{App: app, ID: user, Version: version, Also: also}), l.m.deleteUser(app, user, version, also))
}

// doChangeUser changes a user, mostly under the Version that it has.
func (l *lockstep) doChangeUser(list []func(c *authkit.UserChange)) {
	app := l.app()
	c := authkit.UserChange{Now: l.at, App: app, ID: l.userOf(app)}
	c.Version = max(1, l.model(app).users[c.ID].Version-draw[int64](l, "behind", 0, 0, 0, 0, 0, 0, 0, 1))
	for _, f := range list {
		f(&c)
	}
	c.Also = l.also(app)
	l.changed(c)
}

func (l *lockstep) changed(c authkit.UserChange) {
	l.Helper()
	want, g := l.m.changeUser(c)
	got, err := l.s.ChangeUser(l.ctx, c)
	if l.answered(err, g) {
		l.same("ChangeUser", got, want)
	}
}

func (l *lockstep) changeFields(c *authkit.UserChange) {
	if l.often(5, "email") {
		c.Email = new(l.email())
	}
	if l.often(3, "typed") {
		c.EmailTyped = new(fmt.Sprint("Typed ", l.made))
	}
	if l.often(3, "name") {
		c.Name, c.NameKey = new(fmt.Sprint("Name ", l.made)), new(l.email())
	}
	if l.often(3, "verified") {
		c.Verified = new(l.often(5, "is it"))
	}
	if l.often(3, "disabled") {
		c.Disabled, c.DisabledReason = new(l.often(5, "is it")), new("reason")
	}
}

func (l *lockstep) changeCredentials(c *authkit.UserChange) {
	c.DropCredentials = l.often(2, "drop all")
	for range draw(l, "drops", 0, 0, 1, 2) {
		c.Drop = append(c.Drop, l.subject())
	}
	for range draw(l, "puts", 0, 1, 2) {
		c.Put = append(c.Put, l.subject())
	}
}

func (l *lockstep) changeSession(c *authkit.UserChange) {
	c.Session, c.AuthMethod, c.MaxSessions = l.session(), draw(l, "method", "credentials", "magic_link"), draw(l, "MaxSessions", 0, 1, 2)
}

func (l *lockstep) changeEnd(c *authkit.UserChange) {
	c.End = true
	if l.often(5, "but one") {
		c.Keep = l.sessionOf(c.App)
	}
}

func (l *lockstep) changeToken(c *authkit.UserChange) { c.Take = new(l.take(c.App)) }

func (l *lockstep) doChangeUnguarded() {
	app := l.app()
	c := authkit.UserChange{Now: l.at, App: app, ID: l.userOf(app)}
	switch draw(l, "does", "disable", "drop", "end") {
	case "disable":
		c.Disabled = new(true)
	case "drop":
		c.DropCredentials = true
	case "end":
		l.changeEnd(&c)
	}
	c.Also = l.also(app)
	l.changed(c)
}

func (l *lockstep) doEndSession() {
	app := l.app()
	id, user, also := l.sessionOf(app), l.userOf(app), l.also(app)
	if owner := l.model(app).sessions[id].UserID; owner != uuid.Nil && l.often(8, "by its user") {
		user = owner
	}
	l.answered(l.s.EndSession(l.ctx, authkit.SessionEnd{App: app, User: user, ID: id, Now: l.at, Also: also}), l.m.endSession(app, user, id, also))
}

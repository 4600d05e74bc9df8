package storetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// userSteps are the steps on users and their credentials.
type userSteps struct {
	*lockstep

	sessions *sessionSteps
}

func (l *userSteps) steps() []step {
	change := func(list ...func(c *authkit.UserChange)) func() { return func() { l.doChangeUser(list) } }
	return []step{
		{"CreateUser", l.doCreateUser},
		{"CreateUser", l.doCreateUser},
		{"CreateUsers", l.doCreateUsers},
		{"DeleteUser", l.doDeleteUser},
		{"ChangeUser, fields", change(l.changeFields)},
		{"ChangeUser, credentials", change(l.changeCredentials)},
		{"ChangeUser, session", change(l.changeSession)},
		{"ChangeUser, session and token", change(l.changeSession, l.changeToken)},
		{"ChangeUser, session, token and fields", change(l.changeSession, l.changeToken, l.changeFields)},
		{"ChangeUser, token", change(l.changeToken)},
		{"ChangeUser, end", change(l.changeEnd)},
		{"ChangeUser, token and end", change(l.changeToken, l.changeEnd)},
		{"ChangeUser, proof", change(l.changeProve)},
		{"ChangeUser, proof and token", change(l.changeProve, l.changeToken)},
		{"ChangeUser, proof and session", change(l.changeSession, l.changeProve)},
		{"ChangeUser, factors", change(l.changeFactors, l.changeProve)},
		{"ChangeUser, factors and end", change(l.changeFactors, l.changeEnd, l.changeProve)},
		{"ChangeUser, all", change(l.changeFields, l.changeCredentials, l.changeEnd, l.changeSession, l.changeToken, l.changeFactors, l.changeProve)},
		{"ChangeUser, no guard", l.doChangeUnguarded},
		{"look at an account", l.lookAccount},
		{"look for users", l.lookUsers},
	}
}

func (l *userSteps) doCreateUser() {
	app := l.app()
	u := l.newUser(app, l.user(), l.email())
	u.AuthMethod = draw(l, "method", "credentials", "oauth")
	u.ExternalID, u.Roles = draw(l, "external id", "", "", l.external()), l.roles()
	u.Factors = authkit.Factors(draw(l, "factors", 0, 0, 1, 3))
	if l.often(3, "metadata") {
		u.Metadata, u.PrivateMetadata = []byte("{}"), fmt.Append(nil, l.made)
	}
	c := authkit.NewUser{Now: l.at, User: u}
	for range draw(l, "credentials", 0, 1, 1) {
		c.Credentials = append(c.Credentials, l.subject())
	}
	if l.often(3, "by a token") {
		c.Take = new(l.take(app))
	}
	if l.often(5, "signs in") {
		c.Session = l.sessions.session()
	}
	c.Riders = l.riders(app)
	l.created(c)
}

func (l *userSteps) external() string { return draw(l, "which external id", "1", "2", "3") }

func (l *userSteps) roles() []string {
	return draw(l, "roles", []string(nil), nil, []string{}, []string{"admin"}, []string{"a", "admin", "b"})
}

func (l *userSteps) newUser(app, id uuid.UUID, email string) authkit.User {
	return authkit.User{App: app, ID: id, Email: email, EmailTyped: email, Name: email, NameKey: email, CreatedAt: l.at.Truncate(time.Minute)}
}

func (l *userSteps) created(c authkit.NewUser) {
	l.Helper()
	want, g := l.m.createUser(c)
	got, err := l.s.CreateUser(l.ctx, c)
	if l.answered(err, g) {
		l.same("CreateUser", got, want)
	}
}

func (l *userSteps) doDeleteUser() {
	app := l.app()
	user, riders := l.user(), l.riders(app)
	if l.often(5, "spare") {
		user = key(0)
	}
	version := draw(l, "Version", 0, 0, l.model(app).users[user].Version, l.model(app).users[user].Version, 1)
	l.answered(l.s.DeleteUser(l.ctx, authkit.UserRemoval{App: app, ID: user, Version: version, Riders: riders}), l.m.deleteUser(app, user, version, riders))
}

// doChangeUser changes a user, mostly with the user's own Version.
func (l *userSteps) doChangeUser(list []func(c *authkit.UserChange)) {
	app := l.app()
	c := authkit.UserChange{Now: l.at, App: app, ID: l.userOf(app)}
	c.Version = max(1, l.model(app).users[c.ID].Version-draw[int64](l, "behind", 0, 0, 0, 0, 0, 0, 0, 1))
	for _, f := range list {
		f(&c)
	}
	c.Riders = l.riders(app)
	l.changed(c)
}

func (l *userSteps) changed(c authkit.UserChange) {
	l.Helper()
	want, g := l.m.changeUser(c)
	got, err := l.s.ChangeUser(l.ctx, c)
	if l.answered(err, g) {
		l.same("ChangeUser", got, want)
	}
}

func (l *userSteps) changeFields(c *authkit.UserChange) {
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
	if l.often(3, "external id") {
		c.ExternalID = new(draw(l, "external id", "", l.external()))
	}
	if l.often(3, "roles") {
		c.Roles = new(l.roles())
	}
	if l.often(3, "metadata") {
		c.Metadata, c.PrivateMetadata = fmt.Append(nil, l.made), []byte("{}")
	}
	if l.often(3, "disabled") {
		c.Disabled, c.DisabledReason = new(l.often(5, "is it")), new("reason")
	}
}

func (l *userSteps) changeCredentials(c *authkit.UserChange) {
	c.DropCredentials = l.often(2, "drop all")
	for range draw(l, "drops", 0, 0, 1, 2) {
		c.Drop = append(c.Drop, l.subject())
	}
	for range draw(l, "puts", 0, 1, 2) {
		c.Put = append(c.Put, l.subject())
	}
}

func (l *userSteps) changeSession(c *authkit.UserChange) {
	c.Session, c.AuthMethod, c.MaxSessions = l.sessions.session(), draw(l, "method", "credentials", "magic_link"), draw(l, "MaxSessions", 0, 1, 2)
}

func (l *userSteps) changeEnd(c *authkit.UserChange) {
	c.End = true
	if l.often(5, "but one") {
		c.Keep = l.sessions.sessionOf(c.App)
	}
}

func (l *userSteps) changeFactors(c *authkit.UserChange) {
	if l.often(5, "factors") {
		c.Factors = new(authkit.Factors(draw(l, "which", 0, 1, 2, 3)))
	}
	c.DropMFA = l.often(5, "drop MFA")
}

// changeProve mostly names a session of the user, and that which is kept, if one is.
func (l *userSteps) changeProve(c *authkit.UserChange) {
	if c.End || c.Session != nil {
		if l.often(3, "no proof") {
			return
		}
	}
	mine := map[uuid.UUID]modelSession{}
	for id, s := range l.model(c.App).sessions {
		if s.UserID == c.ID {
			mine[id] = s
		}
	}
	p := &authkit.SessionProof{ID: drawID(l, "session", mine, l.sessions.known...), AMR: draw(l, "amr", []string{"pwd", "mfa"}, nil), AuthTime: l.at}
	if c.End && l.often(7, "that is kept") {
		p.ID = c.Keep
	}
	p.MFAAt = draw(l, "MFAAt", l.at, time.Time{})
	c.Prove = p
}

func (l *userSteps) changeToken(c *authkit.UserChange) { c.Take = new(l.take(c.App)) }

func (l *userSteps) doChangeUnguarded() {
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
	c.Riders = l.riders(app)
	l.changed(c)
}

func (l *userSteps) lookAccount() {
	app := l.app()
	var by authkit.AccountKey
	switch c := l.subject(); draw(l, "by", "id", "email", "external id", "subject") {
	case "id":
		by.ID = l.userOf(app)
	case "email":
		by.Email = l.email()
	case "external id":
		by.ExternalID = l.external()
	case "subject":
		by.Kind, by.Subject = c.Kind, c.Subject
	}
	want, ok := l.model(app).account(by)
	got, err := l.s.Account(l.ctx, app, by)
	if l.found(err, ok) {
		l.same("Account", got, want)
	}
}

func (l *userSteps) lookUsers() {
	app := l.app()
	q := authkit.UserQuery{Page: authkit.Page{Limit: draw(l, "limit", 1, 2, 9)}}
	if u, ok := l.model(app).users[l.userOf(app)]; ok && l.often(5, "after one") {
		q.Time, q.ID = u.CreatedAt, u.ID
	}
	q.Email = draw(l, "email", "", "", l.email())
	q.EmailPrefix, q.NamePrefix = draw(l, "email prefix", "", "a", "b", "b%"), draw(l, "name prefix", "", "", "a", "b")
	q.AuthMethod = draw(l, "method", "", "", "oauth", "credentials")
	q.ExternalID, q.Role = draw(l, "external id", "", "", "", l.external()), draw(l, "role", "", "", "admin", "a")
	l.compareUsers(app, q)
}

func (l *userSteps) compareUsers(app uuid.UUID, q authkit.UserQuery) {
	l.Helper()
	a, live := l.m[app]
	got, err := l.s.Users(l.ctx, app, q)
	if l.found(err, live) {
		l.same("Users", got, a.list(q))
	}
}

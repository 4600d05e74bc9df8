package storetest

import (
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// doCreateUsers imports users whose keys collide now and then, with those of the batch too.
func (l *userSteps) doCreateUsers() {
	b := authkit.UserBatch{App: l.app()}
	b.Riders = l.riders(b.App)
	for range draw(l, "users", 0, 1, 2, 3) {
		u := l.newUser(b.App, l.user(), l.email())
		u.ExternalID, u.Roles, u.AuthMethod = draw(l, "external id", "", "", l.external()), l.roles(), draw(l, "method", "credentials", "oauth")
		a := authkit.Account{User: u}
		for range draw(l, "credentials", 0, 1, 2) {
			c := l.subject()
			c.App, c.UserID = b.App, u.ID
			a.Credentials = append(a.Credentials, c)
		}
		b.Users = append(b.Users, a)
	}
	want, g := l.m.createUsers(b)
	got, err := l.s.CreateUsers(l.ctx, b)
	if l.answered(err, g) {
		l.same("CreateUsers", got, want)
	}
}

func (m model) createUsers(b authkit.UserBatch) ([]authkit.Taken, against) {
	taken := make([]authkit.Taken, len(b.Users))
	return taken, m.step(b.App, b.Riders, func(a *modelApp, g *against) {
		for i, x := range b.Users {
			if taken[i] = a.taken(x); taken[i] != authkit.TakenNothing {
				continue
			}
			x.User.Version, x.User.Epoch = 1, 1
			a.users[x.User.ID] = x.User
			for _, c := range x.Credentials {
				a.putCredential(x.User.ID, c, g)
			}
		}
	})
}

func (a *modelApp) taken(x authkit.Account) authkit.Taken {
	u := x.User
	if _, ok := a.users[u.ID]; ok {
		return authkit.TakenID
	}
	if a.holdsEmail(u.Email, uuid.Nil) {
		return authkit.TakenEmail
	}
	if a.holdsExternal(u.ExternalID, uuid.Nil) {
		return authkit.TakenExternalID
	}
	seen := map[modelSubject]bool{}
	for _, c := range x.Credentials {
		at := modelSubject{c.Kind, c.Subject}
		if _, held := a.subjects[at]; held || seen[at] {
			return authkit.TakenSubject
		}
		seen[at] = true
	}
	return authkit.TakenNothing
}

package storetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// withExternal makes a user who has an external id.
func withExternal(b *bed, email, external string) authkit.User {
	b.Helper()
	u := b.aUser(email)
	u.ExternalID = external
	u, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u})
	b.ok(err)
	return u
}

func externalFound(b *bed) {
	ann := withExternal(b, "ann@example.com", "7")
	b.newUser("bob@example.com")
	home := b.app
	b.app = b.newApp("other")
	twin := withExternal(b, "ann@example.com", "7")
	for app, want := range map[uuid.UUID]authkit.User{home: ann, b.app: twin} {
		a, err := b.s.Account(b.ctx, app, authkit.AccountKey{ExternalID: "7"})
		b.ok(err)
		b.same(a.User, want)
		users, err := b.s.Users(b.ctx, app, authkit.UserQuery{Page: authkit.Page{Limit: 2}, ExternalID: "7"})
		b.ok(err)
		b.same(users, []authkit.User{want})
	}
	for _, unknown := range []string{"8", "77", " 7"} {
		_, err := b.s.Account(b.ctx, home, authkit.AccountKey{ExternalID: unknown})
		b.is(err, authkit.ErrNotFound)
	}

	// An id that was cleared, or whose user is gone, is free.
	b.app = home
	ann, err := b.change(ann, func(c *authkit.UserChange) { c.ExternalID = new("") })
	b.ok(err)
	equal(b, ann.ExternalID, "")
	next := withExternal(b, "cid@example.com", "7")
	b.ok(b.s.DeleteUser(b.ctx, authkit.UserRemoval{App: b.app, ID: next.ID}))
	_, err = b.change(ann, func(c *authkit.UserChange) { c.ExternalID = new("7") })
	b.ok(err)
	_, err = b.change(b.account(ann.ID).User, func(c *authkit.UserChange) { c.ExternalID = new("7") })
	b.ok(err) // it is the user's own
}

func externalTaken(b *bed) {
	ann, bob := withExternal(b, "ann@example.com", "7"), withExternal(b, "bob@example.com", "8")
	was := b.holding(b.app)
	third := b.aUser("cid@example.com")
	third.ExternalID, third.Roles = "7", []string{"admin"}
	_, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: third, Riders: b.riders("x")})
	b.is(err, authkit.ErrConflict)
	_, err = b.change(bob, func(c *authkit.UserChange) {
		c.ExternalID, c.Roles, c.End, c.Riders = &ann.ExternalID, &third.Roles, true, b.riders("x")
	})
	b.is(err, authkit.ErrConflict)
	b.written("x", false)
	b.same(b.holding(b.app), was)
	b.same(ofRole(b, "admin", 9), []uuid.UUID(nil))
}

func externalRaced(b *bed) {
	const n = 8
	equal(b, b.race(n, func(s authkit.Store, i int) error {
		u := b.aUser(fmt.Sprint(i, "@example.com"))
		u.ExternalID, u.Roles = "7", []string{"admin"}
		_, err := s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u})
		return err
	}, authkit.ErrConflict), 1)
	equal(b, len(ofRole(b, "admin", n)), 1)
}

// ofRole lists the users of a role, a page of limit at a time.
func ofRole(b *bed, role string, limit int) (ids []uuid.UUID) {
	b.Helper()
	p := authkit.Page{Limit: limit}
	for {
		users, err := b.s.Users(b.ctx, b.app, authkit.UserQuery{Page: p, Role: role})
		b.ok(err)
		for _, u := range users {
			ids = append(ids, u.ID)
			p.Time, p.ID = u.CreatedAt, u.ID
		}
		if len(users) < limit {
			return ids
		}
	}
}

func roleListed(b *bed) {
	var all []uuid.UUID // newest first
	for i := range 7 {
		u := b.aUser(fmt.Sprint("a", i, "@example.com"))
		u.CreatedAt = after(time.Duration(i) * time.Second)
		u.Roles = []string{"admin", fmt.Sprint("r", i%2)}
		u, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u})
		b.ok(err)
		all = append([]uuid.UUID{u.ID}, all...)
	}
	b.newUser("none@example.com")
	for _, limit := range []int{1, 3, 7, 51} {
		b.same(ofRole(b, "admin", limit), all)
	}
	b.same(ofRole(b, "r1", 2), []uuid.UUID{all[1], all[3], all[5]})
	for _, other := range []string{"adm", "Admin", "admin ", "%"} {
		b.same(ofRole(b, other, 9), []uuid.UUID(nil))
	}
	both := authkit.UserQuery{Page: authkit.Page{Limit: 9}, Role: "admin", EmailPrefix: "a3", NamePrefix: "x"}
	users, err := b.s.Users(b.ctx, b.app, both)
	b.ok(err)
	equal(b, len(users), 1)
	equal(b, users[0].ID, all[3])

	// A change of the roles, and the end of the user, are seen by the list.
	u, err := b.change(users[0], func(c *authkit.UserChange) { c.Roles = &[]string{"r1"} })
	b.ok(err)
	b.same(u.Roles, []string{"r1"})
	b.same(ofRole(b, "admin", 2), append(append([]uuid.UUID{}, all[:3]...), all[4:]...))
	b.same(ofRole(b, "r1", 2), []uuid.UUID{all[1], all[3], all[5]})
	b.ok(b.s.DeleteUser(b.ctx, authkit.UserRemoval{App: b.app, ID: u.ID}))
	b.same(ofRole(b, "r1", 2), []uuid.UUID{all[1], all[5]})
}

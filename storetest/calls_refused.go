package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// refusals returns calls that are refused in the app of the things, each for one reason.
func refusals() []call {
	var list []call
	add := func(method, how string, want error, do func(c caller) error) {
		list = append(list, call{method: method, how: how, riders: true, own: want, do: do})
	}
	refusedApps(add)
	refusedNewUsers(add)
	refusedChanges(add)
	add("DeleteUser", "of an unknown user", authkit.ErrNotFound, func(c caller) error {
		return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: uuid.New(), Version: 1, Riders: c.riders})
	})
	add("DeleteUser", "under another Version", authkit.ErrStale, func(c caller) error {
		return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Version: 7, Riders: c.riders})
	})
	add("EndSession", "of an unknown session", authkit.ErrNotFound, func(c caller) error {
		return c.s.EndSession(c.ctx, authkit.SessionEnd{App: c.app, User: c.x.user.ID, ID: uuid.New(), Now: now(), Riders: c.riders})
	})
	add("EndSession", "of another user's", authkit.ErrNotFound, func(c caller) error {
		return c.s.EndSession(c.ctx, authkit.SessionEnd{App: c.app, User: c.x.other.ID, ID: c.x.session.ID, Now: now(), Riders: c.riders})
	})
	return list
}

type addRefusal func(method, how string, want error, do func(c caller) error)

func refusedApps(add addRefusal) {
	add("CreateApp", "of a taken id", authkit.ErrConflict, func(c caller) error {
		a := anApp(uuid.NewString())
		a.ID = c.app
		return c.s.CreateApp(c.ctx, authkit.NewApp{App: a, First: signingKey(1), Riders: c.riders})
	})
	add("ChangeApp", "under another Version", authkit.ErrStale, func(c caller) error {
		_, err := c.s.ChangeApp(c.ctx, authkit.AppChange{App: c.app, Version: 7, Name: new("x"), Riders: c.riders})
		return err
	})
	add("ChangeApp", "to a taken name", authkit.ErrConflict, func(c caller) error {
		_, err := c.s.ChangeApp(c.ctx, authkit.AppChange{App: c.app, Version: furnished, NameKey: new("first"), Riders: c.riders})
		return err
	})
	add("AddSigningKey", "of a taken Seq", authkit.ErrConflict, func(c caller) error {
		return c.s.AddSigningKey(c.ctx, c.app, signingKey(c.x.signing.Seq), 99, c.riders)
	})
	add("AddSigningKey", "of a Seq below the newest", authkit.ErrConflict, func(c caller) error {
		return c.s.AddSigningKey(c.ctx, c.app, signingKey(0), 99, c.riders)
	})
	add("AddSigningKey", "of a taken KID", authkit.ErrConflict, func(c caller) error {
		k := signingKey(9)
		k.KID = c.x.signing.KID
		return c.s.AddSigningKey(c.ctx, c.app, k, 99, c.riders)
	})
	add("RevokeAPIKey", "of none", authkit.ErrNotFound, func(c caller) error {
		return c.s.RevokeAPIKey(c.ctx, c.app, uuid.New(), c.riders)
	})
	add("PutOAuthConfig", "beside one", authkit.ErrConflict, func(c caller) error {
		p := c.x.provider
		p.App = c.app
		return c.s.PutOAuthConfig(c.ctx, p, 0, c.riders)
	})
	add("PutOAuthConfig", "under another Version", authkit.ErrStale, func(c caller) error {
		p := c.x.provider
		p.App, p.Version = c.app, 7
		return c.s.PutOAuthConfig(c.ctx, p, 0, c.riders)
	})
	add("PutOAuthConfig", "in place of none", authkit.ErrStale, func(c caller) error {
		return c.s.PutOAuthConfig(c.ctx, authkit.OAuthConfig{App: c.app, Provider: "none", Version: 1}, 0, c.riders)
	})
	add("DeleteOAuthConfig", "of none", authkit.ErrNotFound, func(c caller) error {
		return c.s.DeleteOAuthConfig(c.ctx, c.app, "none", c.riders)
	})
}

func refusedNewUsers(add addRefusal) {
	create := func(how string, want error, f func(x things, c *authkit.NewUser)) {
		add("CreateUser", how, want, func(c caller) error {
			u := authkit.User{App: c.app, ID: uuid.New(), Email: uuid.NewString(), CreatedAt: now()}
			n := authkit.NewUser{
				Now: now(), User: u, Credentials: []authkit.Credential{password(u, "x")},
				Take: new(take("t")), Session: session(u, u.Email), Riders: c.riders,
			}
			f(c.x, &n)
			_, err := c.s.CreateUser(c.ctx, n)
			return err
		})
	}
	create("of a taken id", authkit.ErrConflict, func(x things, c *authkit.NewUser) { c.User.ID = x.user.ID })
	create("of a taken email", authkit.ErrConflict, func(x things, c *authkit.NewUser) { c.User.Email = x.user.Email })
	create("of a taken subject", authkit.ErrConflict, func(x things, c *authkit.NewUser) {
		c.Credentials = append(c.Credentials, x.credential)
	})
	create("by an unknown token", authkit.ErrNotFound, func(_ things, c *authkit.NewUser) { c.Take.Hash = hash("none") })
	create("by a token of another kind", authkit.ErrNotFound, func(_ things, c *authkit.NewUser) { c.Take.Kind = "code" })
	create("by a token of another binding", authkit.ErrNotFound, func(_ things, c *authkit.NewUser) { c.Take.Binding = hash("b") })
	create("by a token that is expired", authkit.ErrNotFound, func(_ things, c *authkit.NewUser) { c.Now = after(time.Hour) })
}

func refusedChanges(add addRefusal) {
	// If it were not refused, each would change all that can be changed.
	change := func(how string, want error, f func(x things, c *authkit.UserChange)) {
		add("ChangeUser", how, want, func(c caller) error {
			return c.change(c.x.other, func(change *authkit.UserChange) {
				change.Name, change.Verified, change.End, change.Take = new("x"), new(true), true, new(take("t"))
				change.Put = []authkit.Credential{password(c.x.other, "x")}
				change.Session = session(c.x.other, uuid.NewString())
				f(c.x, change)
			})
		})
	}
	change("under another Version", authkit.ErrStale, func(_ things, c *authkit.UserChange) { c.Version = 7 })
	change("of an unknown user", authkit.ErrStale, func(_ things, c *authkit.UserChange) { c.ID = uuid.New() })
	change("that disables and signs in", authkit.ErrStale, func(_ things, c *authkit.UserChange) { c.Disabled = new(true) })
	change("that proves another user's session", authkit.ErrStale, func(x things, c *authkit.UserChange) { c.Prove = proof(x.session) })
	change("to a taken email", authkit.ErrConflict, func(x things, c *authkit.UserChange) { c.Email = new(x.user.Email) })
	change("to a taken subject", authkit.ErrConflict, func(x things, c *authkit.UserChange) { c.Put = append(c.Put, x.credential) })
	change("by an unknown token", authkit.ErrNotFound, func(_ things, c *authkit.UserChange) { c.Take.Hash = hash("none") })
	change("by a token of another kind", authkit.ErrNotFound, func(_ things, c *authkit.UserChange) { c.Take.Kind = "code" })
	change("by a token of another binding", authkit.ErrNotFound, func(_ things, c *authkit.UserChange) { c.Take.Binding = hash("b") })
	change("by a token that is expired", authkit.ErrNotFound, func(_ things, c *authkit.UserChange) { c.Now = after(time.Hour) })
}

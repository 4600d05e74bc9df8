package storetest

import (
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func userCalls() []call {
	account := func(how string, by func(things) authkit.AccountKey) call {
		return call{
			method: "Account", how: how, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				_, err := c.s.Account(c.ctx, c.app, by(c.x))
				return err
			},
		}
	}
	accounts := call{method: "Accounts", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
		got, err := c.s.Accounts(c.ctx, []authkit.AccountRef{{App: c.app, AccountKey: authkit.AccountKey{Email: c.x.user.Email}}})
		if err != nil {
			return err
		}
		return got[0].Err
	}}
	users := func(how string, q func(things) authkit.UserQuery) call {
		return call{method: "Users", how: how, own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			query := q(c.x)
			query.Limit = 10
			list, err := c.s.Users(c.ctx, c.app, query)
			return shown(slices.DeleteFunc(list, func(u authkit.User) bool { return u.ID == c.x.other.ID }), err)
		}}
	}
	return append([]call{
		account("by id", func(x things) authkit.AccountKey { return authkit.AccountKey{ID: x.user.ID} }),
		account("by email", func(x things) authkit.AccountKey { return authkit.AccountKey{Email: x.user.Email} }),
		account("by subject", func(x things) authkit.AccountKey {
			return authkit.AccountKey{Kind: x.credential.Kind, Subject: x.credential.Subject}
		}),
		accounts,
		{method: "PasskeysElsewhere", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			found, err := c.s.PasskeysElsewhere(c.ctx, c.app, "other.example")
			return shown(make([]int, map[bool]int{true: 1}[found]), err)
		}},
		users("without a filter", func(things) authkit.UserQuery { return authkit.UserQuery{} }),
		users("by email", func(x things) authkit.UserQuery { return authkit.UserQuery{Email: x.user.Email} }),
		users("by prefix", func(x things) authkit.UserQuery { return authkit.UserQuery{EmailPrefix: "a", NamePrefix: "a"} }),
		{method: "CreateUser", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.create(uuid.NewString(), nil)
		}},
		{method: "CreateUser", how: "of one email", riders: true, own: authkit.ErrConflict, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.create(c.x.user.Email, nil)
		}},
		{
			method: "CreateUser", how: "by a token", riders: true, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error { return c.create(uuid.NewString(), new(take("t"))) },
		},
		{method: "CreateUsers", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			u := authkit.User{App: c.app, ID: uuid.New(), Email: uuid.NewString(), CreatedAt: now()}
			_, err := c.s.CreateUsers(c.ctx, authkit.UserBatch{App: c.app, Users: []authkit.Account{{User: u}}, Riders: c.riders})
			return err
		}},
	}, removals()...)
}

// removals are the calls that delete a user.
func removals() []call {
	return []call{
		{
			method: "DeleteUser", how: "under its Version", riders: true, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Version: 1, Riders: c.riders})
			},
		},
		{
			method: "DeleteUser", how: "without a guard", riders: true, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Riders: c.riders})
			},
		},
		{
			method: "DeleteUser", how: "under another Version", riders: true,
			own: authkit.ErrStale, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Version: 7, Riders: c.riders})
			},
		},
	}
}

// create adds a user to the app of the verb.
func (c caller) create(email string, take *authkit.Take) error {
	u := authkit.User{App: c.app, ID: uuid.New(), Email: email, CreatedAt: now()}
	_, err := c.s.CreateUser(c.ctx, authkit.NewUser{Now: now(), User: u, Take: take, Riders: c.riders})
	return err
}

// change changes a user that has not been changed before.
func (c caller) change(u authkit.User, f func(c *authkit.UserChange)) error {
	change := authkit.UserChange{Now: now(), App: c.app, ID: u.ID, Version: 1, Riders: c.riders}
	f(&change)
	_, err := c.s.ChangeUser(c.ctx, change)
	return err
}

// changeCalls change the user among the things, or name something of that user in a change of
// the other user.
func changeCalls() []call {
	user := func(how string, f func(x things, c *authkit.UserChange)) call {
		return call{
			method: "ChangeUser", how: how, riders: true, foreign: authkit.ErrStale, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.change(c.x.user, func(change *authkit.UserChange) { f(c.x, change) })
			},
		}
	}
	other := func(how string, own, foreign error, f func(x things, c *authkit.UserChange)) call {
		return call{
			method: "ChangeUser", how: "of the other, " + how, riders: true, own: own, foreign: foreign, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.change(c.x.other, func(change *authkit.UserChange) { f(c.x, change) })
			},
		}
	}
	return []call{
		user("under its Version", func(_ things, c *authkit.UserChange) { c.Name, c.NameKey = new("changed"), new("changed") }),
		user("without a guard", func(_ things, c *authkit.UserChange) { c.Version, c.End, c.Disabled = 0, true, new(true) }),
		user("with a session", func(x things, c *authkit.UserChange) { c.Session = session(x.user, uuid.NewString()) }),
		user("with a token", func(_ things, c *authkit.UserChange) { c.Take = new(take("t")) }),
		other("with a token", nil, authkit.ErrNotFound, func(_ things, c *authkit.UserChange) { c.Take = new(take("t")) }),
		other("with the user's email", authkit.ErrConflict, nil, func(x things, c *authkit.UserChange) { c.Email = new(x.user.Email) }),
		other("with the user's subject", authkit.ErrConflict, nil, func(x things, c *authkit.UserChange) {
			c.Put = []authkit.Credential{x.credential}
		}),
		other("without the user's subject", nil, nil, func(x things, c *authkit.UserChange) {
			c.Drop = []authkit.Credential{x.credential}
		}),
		other("without credentials", nil, nil, func(_ things, c *authkit.UserChange) { c.DropCredentials = true }),
		other("ended but for the user's session", nil, nil, func(x things, c *authkit.UserChange) { c.End, c.Keep = true, x.session.ID }),
		user("with a proof", func(x things, c *authkit.UserChange) { c.Prove = proof(x.session) }),
		user("without second factors", func(_ things, c *authkit.UserChange) { c.Factors, c.DropMFA = new(authkit.Factors(0)), true }),
		other("with a proof of the user's session", authkit.ErrStale, authkit.ErrStale, func(x things, c *authkit.UserChange) { c.Prove = proof(x.session) }),
		other("without second factors", nil, nil, func(_ things, c *authkit.UserChange) { c.DropMFA = true }),
		other("with one session at most", nil, nil, func(x things, c *authkit.UserChange) {
			c.Session, c.MaxSessions = session(x.user, uuid.NewString()), 1
		}),
	}
}

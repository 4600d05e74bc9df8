package storetest

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// once is a call that succeeds once on the things, though many make it at the same time.
type once struct {
	name string
	lost []error                     // the errors of all callers but one
	do   func(c caller, n int) error // the callers are numbered
}

// raceOnce counts the winners, and their riders.
func raceOnce(b *bed) {
	b.oneWins(16, onces())
}

// oneWins makes each call from n callers.
func (b *bed) oneWins(n int, calls []once) {
	b.Helper()
	for _, o := range calls {
		x := b.newThings()
		app, event := b.furnish(x), uuid.NewString()
		won := b.race(n, func(s authkit.Store, n int) error {
			return o.do(caller{b.ctx, s, app, x, authkit.Riders{Events: []authkit.Event{{ID: uuid.New(), Time: now(), Type: event}}}}, n)
		}, o.lost...)
		if won != 1 {
			b.Fatalf("%s: got %d winners, want 1", o.name, won)
		}
		if o.name == "DeleteApp" {
			continue // its riders become unknown with the app
		}
		events, err := b.s.Events(b.ctx, app, authkit.EventQuery{Page: authkit.Page{Limit: 20}, Type: event})
		b.ok(err)
		if len(events) != 1 {
			b.Fatalf("%s: got the riders of %d callers, want those of 1", o.name, len(events))
		}
	}
}

// The errors of the callers that lose.
var (
	lostStale    = []error{authkit.ErrStale}
	lostConflict = []error{authkit.ErrConflict}
	lostNotFound = []error{authkit.ErrNotFound}
)

func onces() []once {
	return append([]once{
		{"ChangeApp under one Version", lostStale, func(c caller, n int) error {
			_, err := c.s.ChangeApp(c.ctx, authkit.AppChange{App: c.app, Version: furnished, Name: new(strconv.Itoa(n)), Riders: c.riders})
			return err
		}},
		{"DeleteApp", lostNotFound, func(c caller, _ int) error { return c.s.DeleteApp(c.ctx, c.app, now(), c.riders) }},
		{"AddSigningKey of one Seq", lostConflict, func(c caller, _ int) error {
			return c.s.AddSigningKey(c.ctx, c.app, signingKey(3), 0, c.riders)
		}},
		{"AddSigningKey of one Seq that drops the keys before", lostConflict, func(c caller, n int) error {
			return c.s.AddSigningKey(c.ctx, c.app, signingKey(3), int64(n%4), c.riders)
		}},
		{"RevokeAPIKey", lostNotFound, func(c caller, _ int) error {
			return c.s.RevokeAPIKey(c.ctx, c.app, c.x.key.ID, c.riders)
		}},
		{"PutOAuthConfig of a new provider", lostConflict, func(c caller, n int) error {
			p := authkit.OAuthConfig{App: c.app, Provider: "new", ClientID: strconv.Itoa(n)}
			return c.s.PutOAuthConfig(c.ctx, p, 0, c.riders)
		}},
		{"ChangeApp of the logo under one Version", lostStale, func(c caller, n int) error {
			_, err := c.s.ChangeApp(c.ctx, authkit.AppChange{App: c.app, Version: furnished, Logo: new(logo(strconv.Itoa(n))), Riders: c.riders})
			return err
		}},
		{"PutOAuthConfig under one Version", lostStale, func(c caller, n int) error {
			p := authkit.OAuthConfig{App: c.app, Provider: c.x.provider.Provider, ClientID: strconv.Itoa(n), Version: 1}
			return c.s.PutOAuthConfig(c.ctx, p, 0, c.riders)
		}},
		{"DeleteOAuthConfig", lostNotFound, func(c caller, _ int) error {
			return c.s.DeleteOAuthConfig(c.ctx, c.app, c.x.provider.Provider, c.riders)
		}},
	}, userOnces()...)
}

func userOnces() []once {
	anyOfBoth := func(c caller, n int) authkit.User { return []authkit.User{c.x.user, c.x.other}[n/2%2] }
	return []once{
		{"CreateUser with one email", lostConflict, func(c caller, _ int) error { return c.create("new@example.com", nil) }},
		{"CreateUser with one subject", lostConflict, func(c caller, n int) error {
			u := authkit.User{App: c.app, ID: uuid.New(), Email: strconv.Itoa(n)}
			creds := []authkit.Credential{{Kind: "oauth", Subject: "one"}}
			_, err := c.s.CreateUser(c.ctx, authkit.NewUser{Now: now(), User: u, Credentials: creds, Riders: c.riders})
			return err
		}},
		{"ChangeUser under one Version", lostStale, func(c caller, n int) error {
			return c.change(c.x.user, func(change *authkit.UserChange) { change.Name = new(strconv.Itoa(n)) })
		}},
		{"ChangeUser of two users to one email", slices.Concat(lostStale, lostConflict), func(c caller, n int) error {
			return c.change(anyOfBoth(c, n), func(change *authkit.UserChange) { change.Email = new("new@example.com") })
		}},
		{"ChangeUser of two users to one subject", slices.Concat(lostStale, lostConflict), func(c caller, n int) error {
			return c.change(anyOfBoth(c, n), func(change *authkit.UserChange) {
				change.Put = []authkit.Credential{{Kind: "oauth", Subject: "one"}}
			})
		}},
		{"DeleteUser", lostNotFound, func(c caller, n int) error {
			return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Version: int64(n % 2), Riders: c.riders})
		}},
		{"DeleteUser and ChangeUser under one Version", slices.Concat(lostStale, lostNotFound), func(c caller, n int) error {
			if n/2%2 == 0 {
				return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Version: 1, Riders: c.riders})
			}
			return c.change(c.x.user, func(change *authkit.UserChange) { change.Verified = new(true) })
		}},
		{"EndSession", lostNotFound, func(c caller, _ int) error {
			return c.s.EndSession(c.ctx, authkit.SessionEnd{App: c.app, User: c.x.user.ID, ID: c.x.session.ID, Now: now(), Riders: c.riders})
		}},
		{"TakeToken, CreateUser and ChangeUser with one token", lostNotFound, func(c caller, n int) error {
			tk := take("t")
			switch n % 4 {
			case 0:
				return c.create(strconv.Itoa(n), &tk)
			case 1:
				return c.change(c.x.user, func(change *authkit.UserChange) { change.Take = &tk })
			case 2:
				return c.change(c.x.other, func(change *authkit.UserChange) { change.Take = &tk })
			}
			_, err := c.s.TakeToken(c.ctx, c.app, tk, now())
			if err != nil {
				return err
			}
			return c.s.Put(c.ctx, authkit.Put{App: c.app, Riders: c.riders}) // it carries no riders of its own
		}},
	}
}

package storetest

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// raceFactors is oneWins for what a second factor spends, from many callers.
func raceFactors(b *bed) { b.oneWins(64, factorOnces()) }

func factorOnces() []once {
	lostEither := slices.Concat(lostStale, lostNotFound)
	// signIn is a sign-in by one reading of the user.
	signIn := func(f func(c caller, change *authkit.UserChange)) func(c caller, n int) error {
		return func(c caller, n int) error {
			return c.change(c.x.user, func(change *authkit.UserChange) {
				change.Session = session(c.x.user, strconv.Itoa(n))
				f(c, change)
			})
		}
	}
	step := func(c caller, change *authkit.UserChange) {
		change.Put = []authkit.Credential{totp(c.x.user, "the next step")}
	}
	spend := func(_ caller, change *authkit.UserChange) { change.Take = new(take("t")) }
	return []once{
		{"a step of TOTP", lostStale, signIn(step)},
		{"a recovery code", lostStale, signIn(func(c caller, change *authkit.UserChange) {
			left := c.x.totp
			left.Kind = "recovery"
			change.Put = []authkit.Credential{left}
		})},
		{"an mfa_token", lostNotFound, signIn(spend)},
		{"an mfa_token with a step of TOTP", lostEither, signIn(func(c caller, change *authkit.UserChange) {
			step(c, change)
			spend(c, change)
		})},
		{"a step of TOTP that proves a session", lostStale, func(c caller, _ int) error {
			return c.change(c.x.user, func(change *authkit.UserChange) {
				step(c, change)
				change.Prove = proof(c.x.session)
			})
		}},
		{"the state of a ceremony in which a passkey is shown", lostStale, signIn(func(c caller, change *authkit.UserChange) {
			shown := passkey(c.x.user, "example.com")
			shown.Data = []byte(`{"spent":["the state"]}`)
			change.Put = []authkit.Credential{shown}
		})},
		{"the state of a ceremony that adds a passkey", lostEither, func(c caller, _ int) error {
			return c.change(c.x.user, func(change *authkit.UserChange) {
				spend(c, change)
				added := passkey(c.x.user, "second.example")
				added.Subject = "second.example " + uuid.NewString()
				change.Put = []authkit.Credential{added}
			})
		}},
	}
}

// besideDropMFA decides every step by the same reading of the user. A sign-in or a proof comes before
// DropMFA, which undoes it, or it is stale.
func besideDropMFA(b *bed) {
	for range 8 {
		x := b.newThings()
		app := b.furnish(x)
		b.race(8, func(s authkit.Store, n int) error {
			c := caller{b.ctx, s, app, x, authkit.Riders{}}
			switch {
			case n == 3:
				return c.change(x.user, func(change *authkit.UserChange) { change.DropMFA, change.Factors = true, new(authkit.Factors(0)) })
			case n < 3:
				return c.change(x.user, func(change *authkit.UserChange) { change.Prove = proof(x.session) })
			case n < 6:
				return c.change(x.user, func(change *authkit.UserChange) {
					change.Session = session(x.user, strconv.Itoa(n))
					change.Session.MFAAt = now()
				})
			}
			_, err := s.RotateSession(b.ctx, rotation(app, hash("t0 s"), strconv.Itoa(n), now()))
			return err
		}, authkit.ErrStale)
		live, err := b.s.Sessions(b.ctx, app, x.user.ID, now())
		b.ok(err)
		for _, s := range live {
			if !s.MFAAt.IsZero() {
				b.Fatalf("got a session that is proven at %v, want none", s.MFAAt)
			}
		}
	}
}

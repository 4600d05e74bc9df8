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
		{"the state of a ceremony", lostNotFound, func(c caller, _ int) error {
			if _, err := c.s.TakeToken(c.ctx, c.app, take("t"), now()); err != nil {
				return err
			}
			return c.s.Put(c.ctx, authkit.Put{App: c.app, Riders: c.riders}) // it carries no riders of its own
		}},
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

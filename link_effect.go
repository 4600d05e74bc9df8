package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/pages"
)

// linkEffect is what the redemption of a link takes away from an account whose address was never
// proven.
type linkEffect struct {
	password, name bool

	set     time.Time // when the password was set; zero: there is none
	mayKeep bool      // the device of the redeemer may keep the password and the name
}

// linkEffectOf returns what a link takes away if a person other than its asker redeems it on a device.
// Only who holds the link may see it. It asks the store only if the link was mailed before the
// address had an account. [CodeUnavailable].
func linkEffectOf(ctx context.Context, e *Engine, app App, got challenge, device string) (linkEffect, error) {
	account := got.holder
	if got.user == uuid.Nil {
		var err error
		if account, err = e.account(ctx, app.ID, AccountKey{Email: got.data.Email}); err != nil {
			return linkEffect{}, err
		}
	}
	if account == nil || account.User.Verified || !got.matches(account) {
		return linkEffect{}, nil
	}
	var effect linkEffect
	effect.name = account.User.Name != ""
	for _, c := range account.passwordCredentials() {
		effect.password, effect.set = true, c.CreatedAt
	}
	effect.mayKeep = effect.password && e.tokens.mayKeep(account, got, device)
	return effect, nil
}

// text says what goes, for the person who is about to press; empty: nothing does.
func (l linkEffect) text(p pages.Page) string { return willLose.text(p, l.password, l.name) }

// losses are the keys of the texts about what a proof takes away.
type losses struct{ both, password, name string }

var (
	willLose = losses{"confirm.takes_both", "confirm.takes_password", "confirm.takes_name"}
	hasLost  = losses{"confirm.took_both", "confirm.took_password", "confirm.took_name"}
)

// text says what is lost; empty: nothing is.
func (l losses) text(p pages.Page, password, name bool) string {
	switch {
	case password && name:
		return p.T(l.both)
	case password:
		return p.T(l.password)
	case name:
		return p.T(l.name)
	}
	return ""
}

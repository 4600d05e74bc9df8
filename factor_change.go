package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// errUnchanged says that a step has nothing to change.
var errUnchanged = errors.New("nothing to change")

// FactorRemoval is the request of a user to remove a factor, or to get new recovery codes.
type FactorRemoval struct {
	App, User uuid.UUID
	Client    Client
}

// RemoveTOTP removes the user's TOTP with its recovery codes, and takes `mfa` out of the user's running
// sessions. A mail tells the user. It is no error if the user has no TOTP. The caller has checked
// that the sign-in is fresh. [CodeUserNotFound].
func (e *Engine) RemoveTOTP(ctx context.Context, in FactorRemoval) (err error) {
	defer e.hooks.refused(ctx, attempt{EventFactorRemove, in.App, in.Client}, &err)
	return in.change(ctx, e, func(c *factorStep) error {
		held := c.account.factors()
		if held.totp == nil {
			return errUnchanged
		}
		c.Drop = append(c.Drop, *held.totp)
		if held.recovery != nil {
			c.Drop = append(c.Drop, *held.recovery)
		}
		return e.factors.tellOfRemoved(ctx, c, FactorChange{Kind: methodTOTP})
	})
}

// RenewRecoveryCodes gives a user who has a TOTP ten new recovery codes; the old ones are dead. A mail
// tells the user. [CodeNotFound]: the user has no TOTP. [CodeUserNotFound].
func (e *Engine) RenewRecoveryCodes(ctx context.Context, in FactorRemoval) (codes []string, err error) {
	defer e.hooks.refused(ctx, attempt{EventRecoveryRenew, in.App, in.Client}, &err)
	err = in.change(ctx, e, func(c *factorStep) error {
		if c.account.factors().totp == nil {
			return refuse(CodeNotFound, "the user has no TOTP, which recovery codes stand beside")
		}
		var set Credential
		var err error
		if codes, set, err = e.factors.newRecovery(ctx, c.app, c.account, in.Client); err != nil {
			return err
		}
		c.Put = append(c.Put, set)
		c.Riders.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventRecoveryRenew, IP: in.Client.IP})
		return e.factors.tell(ctx, c, letter{Template: "recovery_renewed"})
	})
	return codes, err
}

// RemoveFactors removes every second factor and passkey of a user, for a developer: it ends the user's
// sessions and tells the user by mail. It is no error if the user has no factor. [CodeUserNotFound].
func (e *Engine) RemoveFactors(ctx context.Context, in UserRef) error {
	return FactorRemoval{App: in.App, User: in.ID}.change(ctx, e, func(c *factorStep) error {
		held := c.account.factors()
		if !held.any() && held.recovery == nil {
			return errUnchanged
		}
		for _, one := range c.account.Credentials {
			if one.Kind == totpKind || one.Kind == recoveryKind || one.Kind == passkeyKind {
				c.Drop = append(c.Drop, one)
			}
		}
		c.End = true
		return e.factors.tellOfRemoved(ctx, c, FactorChange{Kind: "all"})
	})
}

// factorStep is a step on the factors of a user.
type factorStep struct {
	UserChange

	app     App
	account *Account
	by      Client
	told    *FactorChange // what Hooks.After is told; nil: nothing
}

// change changes the factors of the user as change says. errUnchanged: there is nothing to do.
func (in FactorRemoval) change(ctx context.Context, e *Engine, change func(*factorStep) error) error {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return err
	}
	_, err = again(func() (User, error) {
		account, err := e.accountOf(ctx, UserRef{App: app.ID, ID: in.User})
		if err != nil {
			return User{}, err
		}
		c := factorStep{
			UserChange: UserChange{Now: e.now(), App: app.ID, ID: account.User.ID, Version: account.User.Version},
			app:        app, account: account, by: in.Client,
		}
		if err := change(&c); err != nil {
			return User{}, err
		}
		e.factors.noteFactors(&c.UserChange, account)
		u, err := e.store.ChangeUser(ctx, c.UserChange)
		if err != nil {
			return User{}, stepError(err, app.ID)
		}
		if c.told != nil {
			e.hooks.after(HookEvent{Kind: HookFactor, App: app.ID, User: u, Client: in.Client, Factor: c.told})
		}
		return u, nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// SecondFactors says which second factors a user has.
type SecondFactors struct {
	Methods       []string // "totp" and "passkey"
	RecoveryCodes int      // that are left
	Required      bool     // the app requires a second factor
}

// SecondFactors returns the second factors of a user. [CodeUserNotFound].
func (e *Engine) SecondFactors(ctx context.Context, ref UserRef) (SecondFactors, error) {
	app, err := e.App(ctx, ref.App)
	if err != nil {
		return SecondFactors{}, err
	}
	account, err := e.accountOf(ctx, ref)
	if err != nil {
		return SecondFactors{}, err
	}
	held := e.factors.shown(app, account)
	out := SecondFactors{Methods: []string{}, RecoveryCodes: held.recoveryLeft(), Required: app.requiresFactor()}
	for _, m := range held.methods() {
		if m != methodRecovery {
			out.Methods = append(out.Methods, m)
		}
	}
	return out, nil
}

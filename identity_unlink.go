package authkit

import (
	"context"
	"errors"
	"time"
)

// UnlinkIdentity removes every identity of a provider from a user. Sessions that began with one
// stay. [CodeIdentityNotFound]: the user has no identity of that provider. [CodeUserNotFound].
//
// [CodeLastCredential]: the account would have no other way to sign in, and would be lost. The
// other ways are a password, a passkey, a verified address, since a magic link signs in to it, and an
// identity of another provider that the app has configured and enabled. An address that was never
// verified does not count: the link that proves it resets the account first; nor does a passkey of a
// relying party that the app has given up. Of callers that concurrently remove the last two ways, one is
// refused.
func (e *Engine) UnlinkIdentity(ctx context.Context, ref UserRef, provider string) error {
	app, err := e.App(ctx, ref.App)
	if err != nil {
		return err
	}
	_, err = again(func() (User, error) {
		account, configs, err := e.accountAndConfigs(ctx, ref.App, ref.ID)
		if err != nil {
			return User{}, err
		}
		passkeys := len(e.factors.shown(app, account).passkeys) > 0
		change, err := unlink(account, passkeys, account.identities(configs), provider, e.now())
		if err != nil {
			return User{}, err
		}
		u, err := e.store.ChangeUser(ctx, change)
		if errors.Is(err, ErrStale) {
			return User{}, errAgain
		}
		return u, storeError(err, ref.App)
	})
	return err
}

// unlink decides by the account as it was read, whether or not it signs in by a passkey. The account's
// Version guards the change.
func unlink(account *Account, passkeys bool, all []heldIdentity, provider string, now time.Time) (UserChange, error) {
	u := account.User
	change := UserChange{Now: now, App: u.App, ID: u.ID, Version: u.Version}
	stays := u.Verified || account.password() != "" || passkeys
	for _, one := range all {
		if one.Provider == provider {
			change.Drop = append(change.Drop, one.credential)
		} else {
			stays = stays || one.enabled
		}
	}
	switch {
	case len(change.Drop) == 0:
		return UserChange{}, refuse(CodeIdentityNotFound, "the account has no identity at this provider")
	case !stays:
		return UserChange{}, refuse(CodeLastCredential, "this is the last way to sign in to the account; verify its address or link another provider first")
	}
	change.Riders.note(change.Now, Event{App: u.App, UserID: u.ID, Type: EventIdentityUnlink, Reason: provider})
	return change, nil
}

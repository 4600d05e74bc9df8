package authkit

import (
	"cmp"
	"crypto/hmac"

	"github.com/authkit-dev/authkit/internal/device"
)

// resetAccount makes a change reset an account whose address was never proven, before the person who
// proves it signs in. The change verifies the address and removes the name, all credentials and all
// sessions. Another person may have made the account (account pre-hijacking, Sudhodanan and Paverd,
// USENIX Security 2022). What the app's developer says of the user stays: the external id, the roles,
// which count from now on, and the metadata. The person who made the account could not set them.
func resetAccount(c *UserChange) {
	c.Verified, c.Name, c.NameKey = new(true), new(""), new("")
	c.DropCredentials, c.End, c.Factors = true, true, new(Factors(0))
	c.Riders.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventUserReset, Reason: "address proven"})
}

// prepareReset makes a sign-in reset the account, and tells the user by mail of a password or name
// that goes.
func prepareReset(o *outbox, c *UserChange, app App, account *Account, step signInStep) *AccountReset {
	u := account.User
	resetAccount(c)
	if step.emailTyped != "" {
		c.EmailTyped = &step.emailTyped
	}
	reset := &AccountReset{Password: account.password() != "", Name: u.Name != ""}
	for _, one := range removedWays(account.Credentials) {
		if one.Type == "identity" {
			reset.Identities = append(reset.Identities, one.Name)
		}
	}
	if step.keep {
		c.Name, c.NameKey = nil, nil
		c.Put = append(account.passwordCredentials(), c.Put...)
		reset.Password, reset.Name = false, false
	}
	// A reset of the password tells of the password by a mail of its own.
	if reset.Name || reset.Password && !step.passwordReset {
		l := letter{To: cmp.Or(step.emailTyped, u.Email), Template: "account_reset", App: app.Name}
		o.queue(&c.Riders, app.ID, l, c.Now, noticeTTL)
	}
	return reset
}

// mayKeep reports whether a device may keep the name and the password of an account that a challenge
// resets: the account was made on it, it asked for the challenge, and no End was between.
func (k *tokens) mayKeep(account *Account, c challenge, text string) bool {
	u := deviceUser(account.User)
	d, ok := device.Find(k.ring, u.App, u.Email, text, k.now())
	return ok && d.SignedUp && len(c.data.Device) > 0 && hmac.Equal(d.ID, c.data.Device) && d.Knows(k.ring, u)
}

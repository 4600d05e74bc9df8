package authkit

import (
	"time"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// KnowDevice answers what a browser keeps once it has signed in as u, so that
// [PasswordSignIn.Device] tells it from strangers: what others try on the account's address
// then locks it out no longer, nor, once u has proven the address, keeps mail from it that it
// asks for. It is good for 90
// days, for this account of this app, and for passwords only until the account's sessions are
// ended as one, as by a new password. before is what the browser has kept so far, or empty:
// with it the browser's count goes on, and it stays known to the nine accounts of any app that
// it signed in to last. The handler does this for browsers, by cookie.
func (e *Engine) KnowDevice(u User, before string) (string, error) {
	return device.Issue(e.secrets.ring, deviceUser(u), before, e.now()), nil
}

func deviceUser(u User) device.User {
	return device.User{App: u.App, ID: u.ID, Email: u.Email, Verified: u.Verified, Epoch: u.Epoch}
}

// asker is whoever tries a password: a device that is known, or a stranger to the address.
type asker struct {
	email string
	known *device.Device
}

// newAsker reads the device token of a sign-in. A sign-up is a stranger's, whom no other's tries
// lock out.
func newAsker(ring *seal.Ring, in PasswordSignIn, email string, now time.Time) asker {
	if in.Intent == "sign_up" {
		return asker{email: email}
	}
	if d, ok := device.Find(ring, in.App, email, in.Device, now); ok {
		return asker{email, &d}
	}
	return asker{email: email}
}

// counts are a device's own, or those of all strangers together: of those there are few a day
// besides, refilled evenly, since ten a minute are 14,400 passwords a day.
func (a asker) counts(l *limiter) []count {
	if a.known != nil {
		return []count{l.by(limitCredentialsDevice, a.email+" "+token.Encode(a.known.ID))}
	}
	return []count{l.by(limitCredentialsEmail, a.email), l.by(limitCredentialsDay, a.email)}
}

// recheck makes a device a stranger after all, if the account is no longer as it knew it:
// another user has the address, or the password was changed. It returns the counts of the
// stranger, to be charged once.
func (a *asker) recheck(l *limiter, account *Account) []count {
	if a.known == nil || account != nil && a.known.Knows(l.ring, deviceUser(account.User)) {
		return nil
	}
	a.known = nil
	return a.counts(l)
}

package authkit

import (
	"time"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// IssueDeviceToken returns the device token that a browser keeps once u has signed in on it, and
// sends as [PasswordSignIn.Device] and [MagicLinkRequest.Device]. It authorises nothing. It gives
// the browser rate-limit buckets of its own: what strangers try at the account's address no
// longer locks the browser out, nor, once u has proven the address, keeps mail from it that it
// asks for.
//
// The token is good for 90 days, for this account of this app. For passwords it is good only until
// all sessions of the account are ended at once, as by a new password. before is the token that
// the browser has kept so far, or empty: with it the browser's buckets go on, and the browser
// stays known to the nine accounts of any app that signed in on it last. The handler keeps the
// token in a cookie.
func (e *Engine) IssueDeviceToken(u User, before string) string {
	return device.Issue(e.secrets.ring, deviceUser(u), before, e.now())
}

func deviceUser(u User) device.User {
	return device.User{App: u.App, ID: u.ID, Email: u.Email, Verified: u.Verified, Epoch: u.Epoch}
}

// asker is the client that tries a password: a known device, or a stranger to the address.
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
func (a *asker) counts(l *limiter) []count {
	if a.known != nil {
		return []count{l.countFor(limitCredentialsDevice, a.email+" "+token.Encode(a.known.ID))}
	}
	return []count{l.countFor(limitCredentialsEmail, a.email), l.countFor(limitCredentialsDay, a.email)}
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

package authkit

import (
	"time"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// IssueDeviceToken returns the device token for a browser on which in took place. The browser
// keeps it, and sends it as [PasswordSignIn.Device] and [MagicLinkRequest.Device]. The handler and
// [Engine.SetSessionCookies] keep it in a cookie, from which [Engine.Device] reads it.
//
// A device token signs no one in. After a sign-in with [SecondFactor.Remember] it spares the question for a
// second factor, for as long as the app allows. It gives the browser rate limits of its own, so that
// strangers who try passwords at the account's address do not lock the browser out. If the user has
// proven the address, strangers who ask for mail to it do not keep the browser's own mails from it,
// either.
//
// The browser that signed the user up may keep the password of an account that never proved its
// address ([MagicLinkProof.KeepPassword]).
//
// The token is good for 90 days, for this account of this app. For passwords it ends when all
// sessions of the account are ended at once, as by a new password.
//
// before is the token that the browser has kept so far; it may be empty. With it the browser keeps
// the counts of its limits, and stays known to the nine accounts, of any app, that signed in on it
// last.
func (e *Engine) IssueDeviceToken(in SignIn, before string) string {
	u := deviceUser(in.User)
	u.SignedUp = in.Created
	text := device.Issue(e.secrets.ring, u, before, e.now())
	if in.remember != nil {
		text = device.Remember(e.secrets.ring, *in.remember, text, e.now())
	}
	return text
}

func deviceUser(u User) device.User {
	return device.User{App: u.App, ID: u.ID, Email: u.Email, Verified: u.Verified, Epoch: u.Epoch}
}

// passwordClient is the client that tries a password at an address: a known device, or a stranger.
type passwordClient struct {
	email string
	known *device.Device
}

// newPasswordClient reads the device token of a sign-in. A sign-up counts as a stranger's.
func newPasswordClient(ring *seal.Ring, in PasswordSignIn, email string, now time.Time) passwordClient {
	if in.Intent == "sign_up" {
		return passwordClient{email: email}
	}
	if d, ok := device.Find(ring, in.App, email, in.Device, now); ok {
		return passwordClient{email, &d}
	}
	return passwordClient{email: email}
}

// counts returns the counts that an attempt is charged to: the device's own, or those of all
// strangers together. Strangers also have a limit for the day, which is refilled evenly: ten
// passwords a minute are 14,400 a day.
func (a *passwordClient) counts(l *limiter) []count {
	if a.known != nil {
		return []count{l.countFor(limitCredentialsDevice, a.email+" "+token.Encode(a.known.ID))}
	}
	return []count{l.countFor(limitCredentialsEmail, a.email), l.countFor(limitCredentialsDay, a.email)}
}

// recheck turns a known device into a stranger if the account has changed since the token was
// issued: another user has the address, or all sessions were ended, as by a new password. It
// then returns the counts of a stranger, which have to be charged. Otherwise it returns nil.
func (a *passwordClient) recheck(l *limiter, account *Account) []count {
	if a.known == nil || account != nil && a.known.Knows(l.ring, deviceUser(account.User)) {
		return nil
	}
	a.known = nil
	return a.counts(l)
}

package authkit

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/token"
)

// SignIn is the outcome of every sign-in, and of every refresh.
type SignIn struct {
	Token        string        // the access token, a JWT
	ExpiresIn    time.Duration // of Token
	RefreshToken string        // for [Engine.Refresh], once; empty if a cookie holds the session

	// Cookie is the value of the session cookie, and CookieAge how long a browser keeps it. They
	// are empty if the session is held by a refresh token.
	Cookie    string
	CookieAge time.Duration

	User      User
	SessionID uuid.UUID
	Created   bool // the user is new

	// Removed lists the ways to sign in that a password reset removed from the account.
	Removed []Removed

	// Reset says what the sign-in took away from an account whose address had never been proven; nil:
	// nothing. A host's page tells the person, and offers a new password in the place of one that
	// is gone.
	Reset *AccountReset

	// Pending is set if the user is not signed in yet; every other field is then empty. A sign-up
	// waits for the proof of its address.
	Pending *Pending

	remember *device.Remembered // what the device token is to note; nil: nothing
}

// Removed is a way to sign in that a password reset removed from the account.
type Removed struct{ Type, Name string } // such as "identity" and the name of the provider

// Pending is the answer to every request that mails a challenge. Binding is the asker's secret. The
// code in the mail can be redeemed only together with it.
type Pending struct {
	Binding   string
	ExpiresIn time.Duration
}

// hold sets the refresh token or the cookie from the session's secret. It sets neither if the secret is
// empty.
func (in *SignIn) hold(secret sessionSecret, s Session, now time.Time) {
	switch {
	case secret.cookie != nil:
		in.Cookie, in.CookieAge = token.Encode(secret.cookie), s.Until.Sub(now)
	case secret.refresh != token.Refresh{}:
		in.RefreshToken = secret.refresh.Text()
	}
}

// Landing is the outcome of a flow that ends in a browser.
type Landing struct {
	State LandingState

	// RedirectTo is the URL to which the browser goes on, with [LandingGoesOn]. It is one of the
	// app's redirect URLs. An error that is returned with such a Landing is to be reported to
	// that URL, too.
	RedirectTo string

	// Code is the one-time code for RedirectTo. [Engine.ExchangeCode] takes it once, within a
	// minute, and says what a repetition gets. It is empty with an error, and where a cookie holds
	// the session: [Engine.SetSessionCookies] sets it before the browser goes on.
	Code string

	// RecoveryCodes are those of a TOTP that the flow has added, which are shown once. The person reads
	// them before the browser goes on: Onward is in the place of Code then, and [Engine.PressOnward]
	// takes it.
	RecoveryCodes []string
	Onward        string

	// Offer is that of [OAuthStart]. A repetition and other flows have none.
	Offer bool

	// SignIn is the sign-in, with [LandingSignedIn] and [LandingGoesOn]. For a browser that
	// repeats a request which led to RedirectTo, only its User, SessionID and Created are set. With
	// [LandingConfirmed] and [LandingSaved] only Removed is of use. With [LandingTypeCode]
	// SignIn is empty.
	SignIn SignIn
}

// LandingState says how a flow ended. It is empty if the flow was refused and has no URL to go on to.
type LandingState string

// The states of a [Landing].
const (
	LandingSignedIn  LandingState = "signed_in" // the session begins in this browser
	LandingGoesOn    LandingState = "goes_on"   // the browser goes on to RedirectTo, which exchanges Code for the session, if there is a code
	LandingConfirmed LandingState = "confirmed" // the address is confirmed, and no session begins
	LandingSaved     LandingState = "saved"     // the new password is saved, and no session begins
	LandingProven    LandingState = "proven"    // it is known who the person is, and no session begins: there is no way to hand one over
	LandingTypeCode  LandingState = "type_code" // nothing was spent: the code in the mail has to be typed in the browser or program that began the flow
)

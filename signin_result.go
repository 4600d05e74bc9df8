package authkit

import (
	"time"

	"github.com/google/uuid"

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

	// Pending is set if the user is not signed in yet; every other field is then empty. A sign-up
	// waits for the proof of its address.
	Pending *Pending
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

package authkit

import (
	"slices"
)

// takesCookies reports whether sessions of the app may be held in a cookie.
func (a App) takesCookies() bool {
	return slices.Contains([]SessionMode{SessionCookie, SessionEither}, a.Settings.SessionMode)
}

// holdsInCookie reports whether a session that begins with this client's choice is held in a
// cookie.
func (a App) holdsInCookie(by Client) bool { return signInStep{client: by}.inCookie(a) }

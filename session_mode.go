package authkit

import (
	"slices"

	"github.com/google/uuid"
)

// takesCookies reports whether sessions of the app may be held in a cookie.
func (a App) takesCookies() bool {
	return slices.Contains([]SessionMode{SessionCookie, SessionEither}, a.Settings.SessionMode)
}

// holdsInCookie reports whether a session that begins with this client's choice is held in a
// cookie.
func (a App) holdsInCookie(by Client) bool {
	return a.Settings.SessionMode == SessionCookie || a.Settings.SessionMode == SessionEither && by.Cookie
}

// noCookies refuses what needs session cookies, for an app that takes none: a mistake of the host.
func noCookies(app uuid.UUID) *Error {
	return refuse(CodeInternal, "the app "+app.String()+" takes no session cookies: set its SessionMode to SessionCookie or SessionEither")
}

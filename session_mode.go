package authkit

import (
	"slices"
)

// takesCookies reports whether sessions of the app may be held in a cookie.
func (a App) takesCookies() bool {
	return slices.Contains([]SessionMode{SessionCookie, SessionEither}, a.Settings.SessionMode)
}

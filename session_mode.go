package authkit

import (
	"slices"
)

// takesCookies reports whether a session of the app may come by cookie.
func (a App) takesCookies() bool {
	return slices.Contains([]SessionMode{SessionCookie, SessionEither}, a.Settings.SessionMode)
}

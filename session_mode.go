package authkit

import (
	"slices"

	"github.com/authkit-dev/authkit/internal/token"
)

// cookieSize is the length of a session cookie's value, of which the store keeps the hash.
const cookieSize = 32

// takesCookies reports whether a session of the app may come by cookie.
func (a App) takesCookies() bool {
	return slices.Contains([]SessionMode{SessionCookie, SessionEither}, a.Settings.SessionMode)
}

// cookieHash is what the store keeps of a session cookie's value; false: it is malformed.
func cookieHash(value string) ([]byte, bool) {
	raw, ok := token.Decode(value, cookieSize)
	return token.Hash(raw), ok
}

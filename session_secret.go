package authkit

import "github.com/authkit-dev/authkit/internal/token"

// cookieSize is the length of the value of a session cookie. The store keeps its hash.
const cookieSize = 32

// sessionSecret is the secret by which a client holds a session: a refresh token or the value
// of a cookie, never both.
type sessionSecret struct {
	refresh token.Refresh
	cookie  []byte
}

// Bytes returns the secret in the form that sessionSecretOf reads. It is shorter than 64 bytes.
func (s sessionSecret) Bytes() []byte {
	if s.cookie != nil {
		return s.cookie
	}
	return s.refresh.Bytes()
}

// sessionSecretOf tells a cookie from a refresh token by its size.
func sessionSecretOf(b []byte) (sessionSecret, bool) {
	if len(b) == cookieSize {
		return sessionSecret{cookie: b}, true
	}
	refresh, ok := token.RefreshOf(b)
	return sessionSecret{refresh: refresh}, ok
}

// cookieHash returns the hash of a session cookie's value, which the store keeps; false: the
// value is malformed.
func cookieHash(value string) ([]byte, bool) {
	raw, ok := token.Decode(value, cookieSize)
	return token.Hash(raw), ok
}

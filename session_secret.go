package authkit

import "github.com/authkit-dev/authkit/internal/token"

// cookieSize is the length of a session cookie's value, of which the store keeps the hash.
const cookieSize = 32

// sessionSecret is the secret by which a client holds a session: a refresh token or the value
// of a cookie, never both.
type sessionSecret struct {
	refresh token.Refresh
	cookie  []byte
}

// Bytes is the secret in a form that sessionSecretOf reads, in less than 64 bytes.
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

// cookieHash is what the store keeps of a session cookie's value; false: it is malformed.
func cookieHash(value string) ([]byte, bool) {
	raw, ok := token.Decode(value, cookieSize)
	return token.Hash(raw), ok
}

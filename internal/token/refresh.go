package token

import "strings"

const (
	refreshPrefix = "rt_"
	refreshFamily = 16
	refreshSize   = refreshFamily + 32
)

// Refresh is a refresh token: the family of the session, which stays the same, and a secret,
// which each use replaces. A store keeps the hashes of both.
type Refresh struct{ raw [refreshSize]byte }

// NewRefresh makes the first token of a new family.
func NewRefresh() Refresh { return Refresh{raw: [refreshSize]byte(Random(refreshSize))} }

// Next makes another token of the same family.
func (t Refresh) Next() Refresh {
	copy(t.raw[refreshFamily:], Random(refreshSize-refreshFamily))
	return t
}

// ParseRefresh reads a token that Text wrote. It accepts that spelling only.
func ParseRefresh(text string) (Refresh, bool) {
	var t Refresh
	rest, found := strings.CutPrefix(text, refreshPrefix)
	if !found {
		return t, false
	}
	b, ok := Decode(rest, refreshSize)
	if !ok {
		return t, false
	}
	return RefreshOf(b)
}

// RefreshOf reads a token that Bytes returned.
func RefreshOf(b []byte) (t Refresh, ok bool) {
	if len(b) != refreshSize {
		return t, false
	}
	copy(t.raw[:], b)
	return t, true
}

// Text returns "rt_" and the base64url of family and secret.
func (t Refresh) Text() string { return refreshPrefix + Encode(t.raw[:]) }

// Family returns the hash by which a store finds the session.
func (t Refresh) Family() []byte { return Hash([]byte("refresh family"), t.raw[:refreshFamily]) }

// Hash returns the hash of the whole token.
func (t Refresh) Hash() []byte { return Hash([]byte("refresh token"), t.raw[:]) }

// Bytes returns the whole token, under which its successor is sealed.
func (t Refresh) Bytes() []byte { return t.raw[:] }

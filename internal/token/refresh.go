package token

import "strings"

const (
	refreshPrefix = "rt_"
	refreshFamily = 16
	refreshSize   = refreshFamily + 32
)

// Refresh is a refresh token: the session's family, which stays, and a secret, which each
// use replaces. A store keeps the hashes of both.
type Refresh struct{ raw [refreshSize]byte }

// NewRefresh makes the first token of a new family.
func NewRefresh() Refresh { return Refresh{raw: [refreshSize]byte(Random(refreshSize))} }

// Next makes another token of the family.
func (t Refresh) Next() Refresh {
	copy(t.raw[refreshFamily:], Random(refreshSize-refreshFamily))
	return t
}

// ParseRefresh reads what Text wrote, in that one spelling.
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

// RefreshOf reads what Bytes answered.
func RefreshOf(b []byte) (t Refresh, ok bool) {
	if len(b) != refreshSize {
		return t, false
	}
	copy(t.raw[:], b)
	return t, true
}

// Text is "rt_" and the base64url of family and secret.
func (t Refresh) Text() string { return refreshPrefix + Encode(t.raw[:]) }

// Family is the hash by which a store finds the session.
func (t Refresh) Family() []byte { return Hash([]byte("refresh family"), t.raw[:refreshFamily]) }

// Hash is the hash of the whole token.
func (t Refresh) Hash() []byte { return Hash([]byte("refresh token"), t.raw[:]) }

// Bytes are the whole token, to seal its successor under.
func (t Refresh) Bytes() []byte { return t.raw[:] }

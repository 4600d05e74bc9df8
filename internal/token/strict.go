package token

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
)

// ErrMalformed means that a JWS is not spelled the way authkit spells it.
var ErrMalformed = errors.New("token: malformed")

// Header is the whole protected header of a token of authkit. A header with
// any other member is refused, which rules out crit, jku, jwk, x5u, x5c and
// b64 (RFC 8725, sections 3.9 and 3.10).
type Header struct {
	Alg string `json:"alg"`
	KID string `json:"kid,omitempty"`
	Typ string `json:"typ"`
}

// Inspect reads the header of a compact JWS of at most limit bytes without
// checking its signature. All three segments must be canonical base64url and
// the typ exact (RFC 8725, section 3.11).
func Inspect(raw, typ string, limit int) (Header, error) {
	var h Header
	if len(raw) > limit || strings.Count(raw, ".") != 2 {
		return h, ErrMalformed
	}
	head, rest, _ := strings.Cut(raw, ".")
	payload, sig, _ := strings.Cut(rest, ".")
	b, ok := decode(head)
	_, ok2 := decode(payload)
	_, ok3 := decode(sig)
	if !ok || !ok2 || !ok3 {
		return h, ErrMalformed
	}
	if err := DecodeJSON(b, &h, json.RejectUnknownMembers(true)); err != nil || h.Typ != typ {
		return Header{}, ErrMalformed
	}
	return h, nil
}

// DecodeJSON reads one JSON value with case-sensitive names and refuses
// duplicate ones (RFC 7515, section 4).
func DecodeJSON(b []byte, v any, opts ...json.Options) error {
	if err := json.Unmarshal(b, v, opts...); err != nil {
		return ErrMalformed
	}
	return nil
}

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

// JWS is a compact JWS, taken apart and decoded, its signature not yet checked.
type JWS struct {
	Header    Header
	Signed    string // what the signature is over
	Payload   []byte
	Signature []byte
}

// ReadJWS takes apart a compact JWS of at most limit bytes. All three segments must be
// canonical base64url and the typ exact (RFC 8725, section 3.11).
func ReadJWS(raw, typ string, limit int) (JWS, error) {
	if len(raw) > limit || strings.Count(raw, ".") != 2 {
		return JWS{}, ErrMalformed
	}
	end := strings.LastIndexByte(raw, '.')
	head, payload, _ := strings.Cut(raw[:end], ".")
	header, ok := decode(head)
	body, ok2 := decode(payload)
	sig, ok3 := decode(raw[end+1:])
	if !ok || !ok2 || !ok3 {
		return JWS{}, ErrMalformed
	}
	j := JWS{Signed: raw[:end], Payload: body, Signature: sig}
	if err := DecodeJSON(header, &j.Header, json.RejectUnknownMembers(true)); err != nil || j.Header.Typ != typ {
		return JWS{}, ErrMalformed
	}
	return j, nil
}

// DecodeJSON reads one JSON value with case-sensitive names and refuses
// duplicate ones (RFC 7515, section 4).
func DecodeJSON(b []byte, v any, opts ...json.Options) error {
	if err := json.Unmarshal(b, v, opts...); err != nil {
		return ErrMalformed
	}
	return nil
}

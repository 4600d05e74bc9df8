package token

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/authkit-dev/authkit/internal/strictjson"
)

// ErrMalformed means that a JWS is not in the form that authkit writes.
var ErrMalformed = errors.New("token: malformed")

// Header is the whole protected header of a token of authkit. A header with any other member is
// refused. That rules out crit, jku, jwk, x5u, x5c and b64 (RFC 8725, sections 3.9 and 3.10).
type Header struct {
	Alg string `json:"alg"`
	KID string `json:"kid,omitempty"`
	Typ string `json:"typ"`
}

// JWS is a compact JWS, split and decoded. Its signature is not checked yet.
type JWS struct {
	Header    Header
	Signed    string // what the signature covers
	Payload   []byte
	Signature []byte
}

// ReadJWS splits a compact JWS of at most limit bytes. All three segments must be canonical
// base64url, and typ must match exactly (RFC 8725, section 3.11).
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
	if err := j.Header.read(header); err != nil || j.Header.Typ != typ {
		return JWS{}, ErrMalformed
	}
	return j, nil
}

func (h *Header) read(b []byte) error {
	if strictjson.Plain(string(b), []strictjson.Field{{Name: "alg", Into: &h.Alg}, {Name: "kid", Into: &h.KID}, {Name: "typ", Into: &h.Typ}}) {
		return nil
	}
	*h = Header{}
	return DecodeJSON(b, h, json.RejectUnknownMembers(true))
}

// DecodeJSON reads one JSON value. Names are case-sensitive, and duplicate ones are refused
// (RFC 7515, section 4).
func DecodeJSON(b []byte, v any, opts ...json.Options) error {
	if err := json.Unmarshal(b, v, opts...); err != nil {
		return ErrMalformed
	}
	return nil
}

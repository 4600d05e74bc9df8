package verify

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/strictjson"
)

const (
	accessType = "at+jwt" // RFC 9068, section 2.1
	sizeLimit  = 8 << 10
	leeway     = 60 * time.Second
)

// token is a compact JWS, split and decoded. Nothing about it is proven yet.
type token struct {
	header    header
	claims    payload
	extra     map[string]any // the claims that payload does not know
	signed    string         // what the signature covers
	signature []byte
}

// header is the whole protected header. A header with any other member is refused. That rules
// out crit, jku, jwk, x5u, x5c and b64 (RFC 8725, sections 3.9 and 3.10).
type header struct {
	Alg string `json:"alg"`
	KID string `json:"kid"`
	Typ string `json:"typ"`
}

// payload holds the claims that the Engine mints. The audience is a single string: a list is
// refused.
type payload struct {
	Issuer        string   `json:"iss"`
	Subject       string   `json:"sub"`
	Audience      string   `json:"aud"`
	ClientID      string   `json:"client_id"`
	ExpiresAt     *int64   `json:"exp"`
	IssuedAt      *int64   `json:"iat"`
	NotBefore     *int64   `json:"nbf"` // authkit never mints it
	ID            string   `json:"jti"`
	SessionID     string   `json:"sid"`
	AuthTime      int64    `json:"auth_time"`
	AMR           []string `json:"amr"`
	Name          string   `json:"name"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
}

var headerFields, claimFields = strictjson.FieldsOf[header](), strictjson.FieldsOf[payload]()

func (c *payload) public() Claims {
	out := Claims{
		Subject: c.Subject, App: c.Audience, SessionID: c.SessionID, Name: c.Name, ID: c.ID, Methods: c.AMR,
		AuthTime: time.Unix(c.AuthTime, 0).UTC(), IssuedAt: time.Unix(*c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(*c.ExpiresAt, 0).UTC(),
	}
	if c.EmailVerified {
		out.Email = c.Email
	}
	return out
}

// read splits a token. All three segments must be canonical base64url, and typ must match
// exactly (RFC 8725, section 3.11).
func read(raw string) (token, error) {
	if len(raw) > sizeLimit || strings.Count(raw, ".") != 2 {
		return token{}, invalid("not three segments of at most %d bytes", sizeLimit)
	}
	dot, end := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
	head, ok := decode(raw[:dot])
	body, ok2 := decode(raw[dot+1 : end])
	signature, ok3 := decode(raw[end+1:])
	if !ok || !ok2 || !ok3 {
		return token{}, invalid("not canonical base64url")
	}
	t := token{signed: raw[:end], signature: signature}
	unknown, err := strictjson.Unmarshal(head, &t.header, headerFields)
	switch {
	case err != nil:
		return token{}, invalid("header: %w", err)
	case len(unknown) > 0:
		return token{}, invalid("header: unknown %q", unknown)
	case t.header.Typ != accessType:
		return token{}, invalid("type %q", t.header.Typ)
	}
	if unknown, err = strictjson.Unmarshal(body, &t.claims, claimFields); err != nil {
		return token{}, invalid("claims: %w", err)
	}
	if t.extra, err = strictjson.Pick(body, unknown); err != nil {
		return token{}, invalid("claims: %w", err)
	}
	return t, nil
}

// decode reads canonical base64url. It encodes the result again and compares, because the
// decoder skips CR and LF and, unless strict, ignores trailing bits (RFC 4648, section 3.5).
func decode(s string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return b, err == nil && base64.RawURLEncoding.EncodeToString(b) == s
}

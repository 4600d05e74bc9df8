package verify

import (
	"encoding/base64"
	"fmt"
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
	ACR           string   `json:"acr"`
	Name          string   `json:"name"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
	Roles         []string `json:"roles"`
}

var headerFields, claimFields = strictjson.FieldsOf[header](), strictjson.FieldsOf[payload]()

func (c *payload) public() Claims {
	out := Claims{
		Subject: c.Subject, App: c.Audience, SessionID: c.SessionID, Name: c.Name, ID: c.ID, Methods: c.AMR, Assurance: c.ACR, Roles: c.Roles,
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
	if err := t.header.read(head); err != nil {
		return token{}, invalid("header: %w", err)
	}
	if t.header.Typ != accessType {
		return token{}, invalid("type %q", t.header.Typ)
	}
	var err error
	if t.extra, err = t.claims.read(body); err != nil {
		return token{}, invalid("claims: %w", err)
	}
	return t, nil
}

// read reads the header, which has no other members.
func (h *header) read(b []byte) error {
	if strictjson.Plain(string(b), []strictjson.Field{{Name: "alg", Into: &h.Alg}, {Name: "kid", Into: &h.KID}, {Name: "typ", Into: &h.Typ}}) {
		return nil
	}
	*h = header{}
	unknown, err := strictjson.Unmarshal(b, h, headerFields)
	if err == nil && len(unknown) > 0 {
		return fmt.Errorf("unknown %q", unknown)
	}
	return err
}

// read reads the claims, and returns those that payload does not know.
func (c *payload) read(b []byte) (extra map[string]any, err error) {
	if strictjson.Plain(string(b), c.plain()) {
		return nil, nil
	}
	*c = payload{}
	unknown, err := strictjson.Unmarshal(b, c, claimFields)
	if err != nil {
		return nil, err
	}
	return strictjson.Pick(b, unknown)
}

// plain lists the claims in the order in which the Engine writes them.
func (c *payload) plain() []strictjson.Field {
	return []strictjson.Field{
		{Name: "iss", Into: &c.Issuer}, {Name: "sub", Into: &c.Subject}, {Name: "aud", Into: &c.Audience}, {Name: "client_id", Into: &c.ClientID},
		{Name: "exp", Into: &c.ExpiresAt}, {Name: "iat", Into: &c.IssuedAt}, {Name: "nbf", Into: &c.NotBefore},
		{Name: "jti", Into: &c.ID}, {Name: "sid", Into: &c.SessionID}, {Name: "auth_time", Into: &c.AuthTime}, {Name: "amr", Into: &c.AMR}, {Name: "acr", Into: &c.ACR},
		{Name: "name", Into: &c.Name}, {Name: "email", Into: &c.Email}, {Name: "email_verified", Into: &c.EmailVerified},
		{Name: "roles", Into: &c.Roles},
	}
}

// canonical refuses trailing bits (RFC 4648, section 3.5).
var canonical = base64.RawURLEncoding.Strict()

// decode reads canonical base64url. The decoder would skip CR and LF.
func decode(s string) ([]byte, bool) {
	if strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0 {
		return nil, false
	}
	b, err := canonical.DecodeString(s)
	return b, err == nil
}

// Package magiclink mints and parses the token inside a sign-in link sent by mail. The token is
// a short JWT under HMAC-SHA256 that names the app, a random id and an expiry. It holds no
// personal data.
//
//	raw, err := magiclink.Mint(key, magiclink.Claims{App: app, ID: id, ExpiresAt: now.Add(15 * time.Minute)})
//	link := magiclink.URL("https://auth.example.com", "/magic", raw)
//	claims, err := magiclink.Parse(keys, raw, app, now)
//
// A token that parses was minted under one of the keys and has not expired. The caller must
// make sure that it is used only once, by its ID.
package magiclink

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/strictjson"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	tokenType = "magic-link+jwt"
	limit     = 1 << 10
	idSize    = 16
	minKey    = 32 // RFC 7518, section 3.2: no shorter than the hash
)

// The errors of Parse.
var (
	// ErrInvalid does not say what is wrong. errors.Is finds it in every error of Parse.
	ErrInvalid = errors.New("magiclink: invalid token")

	// ErrExpired means that a token which was minted under one of the keys has expired.
	ErrExpired = fmt.Errorf("%w: expired", ErrInvalid)
)

// Claims are the claims of a link token.
type Claims struct {
	App       uuid.UUID
	ID        []byte    // 16 random bytes
	ExpiresAt time.Time // whole seconds
}

type payload struct {
	Audience  string `json:"aud"`
	ID        string `json:"jti"`
	ExpiresAt int64  `json:"exp"`
}

// read reads the payload. The form that Mint writes needs no decoder.
func (p *payload) read(b []byte) error {
	if strictjson.Plain(string(b), []strictjson.Field{{Name: "aud", Into: &p.Audience}, {Name: "exp", Into: &p.ExpiresAt}, {Name: "jti", Into: &p.ID}}) {
		return nil
	}
	*p = payload{}
	return token.DecodeJSON(b, p)
}

// Mint signs the claims. The key must have at least 32 bytes, the ID exactly 16.
func Mint(key []byte, c Claims) (string, error) {
	if len(key) < minKey {
		return "", fmt.Errorf("magiclink: key has %d bytes, want at least %d", len(key), minKey)
	}
	if len(c.ID) != idSize {
		return "", fmt.Errorf("magiclink: id has %d bytes, want %d", len(c.ID), idSize)
	}
	signed := header + "." + token.Encode(c.text())
	return signed + "." + token.Encode(sign(key, signed)), nil
}

// header is the encoded header of every token: {"alg":"HS256","typ":"magic-link+jwt"}.
const header = "eyJhbGciOiJIUzI1NiIsInR5cCI6Im1hZ2ljLWxpbmsrand0In0"

// text writes the claims as JSON. No value needs an escape.
func (c Claims) text() []byte {
	b := append(make([]byte, 0, 128), `{"aud":"`...)
	b = append(b, c.App.String()...)
	b = strconv.AppendInt(append(b, `","exp":`...), c.ExpiresAt.Unix(), 10)
	b = append(b, `,"jti":"`...)
	return append(append(b, token.Encode(c.ID)...), `"}`...)
}

// sign returns the HMAC-SHA256 (RFC 7518, section 3.2).
func sign(key []byte, signed string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(signed))
	return h.Sum(nil)
}

// Parse reads a token minted for the app under any of the keys. The token is expired from
// ExpiresAt on, without leeway: [ErrExpired]. Every other error is [ErrInvalid].
func Parse(keys [][]byte, raw string, app uuid.UUID, now time.Time) (Claims, error) {
	j, err := token.ReadJWS(raw, tokenType, limit)
	// RFC 8725, section 3.1: we choose the algorithm, not the token.
	if err != nil || j.Header.Alg != "HS256" || j.Header.KID != "" || !signed(keys, j) {
		return Claims{}, ErrInvalid
	}
	var p payload
	if err := p.read(j.Payload); err != nil {
		return Claims{}, ErrInvalid
	}
	id, ok := token.Decode(p.ID, idSize)
	expires := time.Unix(p.ExpiresAt, 0).UTC()
	switch {
	case !ok || p.Audience != app.String():
		return Claims{}, ErrInvalid
	case !now.Before(expires):
		return Claims{}, ErrExpired
	}
	return Claims{App: app, ID: id, ExpiresAt: expires}, nil
}

// Form reports whether a text has the form of a token that Mint made, of any app and key.
func Form(raw string) bool {
	_, err := token.ReadJWS(raw, tokenType, limit)
	return err == nil
}

// signed reports whether one of the keys made the signature.
func signed(keys [][]byte, j token.JWS) bool {
	return slices.ContainsFunc(keys, func(k []byte) bool {
		return len(k) >= minKey && hmac.Equal(j.Signature, sign(k, j.Signed))
	})
}

// URL returns the link: base and path unchanged, and the token as the query. The token needs no
// escaping.
func URL(base, path, raw string) string { return base + path + "?token=" + raw }

// Package magiclink mints and parses the token inside a sign-in link sent by
// mail. The token is a short JWT under HMAC-SHA256 that names the app, a random
// id and an expiry; it holds no personal data.
//
//	raw, err := magiclink.Mint(key, magiclink.Claims{App: app, ID: id, ExpiresAt: now.Add(15 * time.Minute)})
//	link := magiclink.URL("https://auth.example.com", "/magic", raw)
//	claims, err := magiclink.Parse(keys, raw, app, now)
//
// A token that parses was minted under one of the keys and has not expired. That
// it is used once is for the caller to see to, by its ID.
package magiclink

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	tokenType = "magic-link+jwt"
	limit     = 1 << 10
	idSize    = 16
	minKey    = 32 // RFC 7518, section 3.2: no shorter than the hash
)

// ErrInvalid is the one error of Parse: it does not tell what is wrong.
var ErrInvalid = errors.New("magiclink: invalid token")

// Claims is what a link token says.
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

// Mint signs the claims. The key has at least 32 bytes, the ID exactly 16.
func Mint(key []byte, c Claims) (string, error) {
	if len(key) < minKey {
		return "", fmt.Errorf("magiclink: key has %d bytes, want at least %d", len(key), minKey)
	}
	if len(c.ID) != idSize {
		return "", fmt.Errorf("magiclink: id has %d bytes, want %d", len(c.ID), idSize)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"aud": c.App.String(), "jti": token.Encode(c.ID), "exp": c.ExpiresAt.Unix(),
	})
	t.Header["typ"] = tokenType
	raw, err := t.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("magiclink: sign: %w", err)
	}
	return raw, nil
}

// Parse reads a token minted for the app under any of the keys. It is expired
// from ExpiresAt on, with no leeway. Every failure is ErrInvalid.
func Parse(keys [][]byte, raw string, app uuid.UUID, now time.Time) (Claims, error) {
	j, err := token.ReadJWS(raw, tokenType, limit)
	// RFC 8725, section 3.1: the algorithm is ours to choose, not the token's.
	if err != nil || j.Header.Alg != "HS256" || j.Header.KID != "" || !signed(keys, j) {
		return Claims{}, ErrInvalid
	}
	var p payload
	if err := token.DecodeJSON(j.Payload, &p); err != nil {
		return Claims{}, ErrInvalid
	}
	id, ok := token.Decode(p.ID, idSize)
	expires := time.Unix(p.ExpiresAt, 0).UTC()
	if !ok || p.Audience != app.String() || !now.Before(expires) {
		return Claims{}, ErrInvalid
	}
	return Claims{App: app, ID: id, ExpiresAt: expires}, nil
}

// signed says whether one of the keys made the signature.
func signed(keys [][]byte, j token.JWS) bool {
	return slices.ContainsFunc(keys, func(k []byte) bool {
		return len(k) >= minKey && jwt.SigningMethodHS256.Verify(j.Signed, j.Signature, k) == nil
	})
}

// URL returns the link: base and path as they are, and the token as the query.
// The token needs no escaping.
func URL(base, path, raw string) string { return base + path + "?token=" + raw }

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

// ErrInvalid is the only error of Parse. It does not say what is wrong.
var ErrInvalid = errors.New("magiclink: invalid token")

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

// Mint signs the claims. The key must have at least 32 bytes, the ID exactly 16.
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

// Parse reads a token minted for the app under any of the keys. The token is expired from
// ExpiresAt on, without leeway. Every error is ErrInvalid.
func Parse(keys [][]byte, raw string, app uuid.UUID, now time.Time) (Claims, error) {
	j, err := token.ReadJWS(raw, tokenType, limit)
	// RFC 8725, section 3.1: we choose the algorithm, not the token.
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

// signed reports whether one of the keys made the signature.
func signed(keys [][]byte, j token.JWS) bool {
	return slices.ContainsFunc(keys, func(k []byte) bool {
		return len(k) >= minKey && jwt.SigningMethodHS256.Verify(j.Signed, j.Signature, k) == nil
	})
}

// URL returns the link: base and path unchanged, and the token as the query. The token needs no
// escaping.
func URL(base, path, raw string) string { return base + path + "?token=" + raw }

package token

import (
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	accessType  = "at+jwt" // RFC 9068, section 2.1
	accessLimit = 8 << 10
	leeway      = 60 * time.Second
)

var (
	// ErrKey means that no key with that id and algorithm is known.
	ErrKey = errors.New("token: unknown key")

	// ErrExpired means that a genuine token has expired.
	ErrExpired = errors.New("token: expired")
)

// AccessForm reports whether a text has the form of an access token, of any app.
func AccessForm(raw string) bool {
	_, err := ReadJWS(raw, accessType, accessLimit)
	return err == nil
}

// Access holds the claims of an access token. Email is set only if it is verified. Email and
// Name may be empty. Times are in whole seconds.
type Access struct {
	Issuer, Audience, Subject, SessionID, Email, Name, ID string

	IssuedAt, ExpiresAt, AuthTime time.Time
	AMR                           []string
	ACR                           string   // may be empty
	Roles                         []string // may be empty

	// Extra holds further claims. Their names must differ from those of the other claims.
	Extra map[string]any
}

// VerifyKey is a public key with the only algorithm that it may be used with.
type VerifyKey struct {
	Alg    string
	Public crypto.PublicKey
}

// Mint signs an access token (RFC 9068).
func Mint(p Pair, a Access) (string, error) {
	method := jwt.GetSigningMethod(p.Alg)
	if method == nil || !fits(p.Alg, p.Public) {
		return "", fmt.Errorf("token: key %q does not fit %q", p.KID, p.Alg)
	}
	payload, err := newClaims(a).text()
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	var header writer
	header.text(`{"alg":`, p.Alg)
	header.text(`,"kid":`, p.KID)
	header.text(`,"typ":`, accessType)
	header.raw("}")
	signed := Encode(header.b) + "." + Encode(payload)
	signature, err := method.Sign(signed, p.Private)
	if err != nil {
		return "", fmt.Errorf("token: sign with key %q: %w", p.KID, err)
	}
	raw := signed + "." + Encode(signature)
	if len(raw) > accessLimit {
		return "", fmt.Errorf("token: it has %d bytes, and no verifier reads more than %d", len(raw), accessLimit)
	}
	return raw, nil
}

// Read returns what Verify would return for the token that Mint makes of a.
func Read(a Access) (Access, error) {
	b, err := newClaims(a).text()
	if err != nil {
		return Access{}, fmt.Errorf("token: %w", err)
	}
	var c claims
	if err := c.read(b); err != nil {
		return Access{}, err
	}
	return c.access(), nil
}

// Verify reads an access token of the issuer for the audience. It returns the claims and the id
// of the key that signed the token. The function key returns the key of an id. Times are
// compared with now, with a leeway of 60 seconds. Only the exact form that Mint writes is
// accepted.
func Verify(raw, issuer, audience string, key func(kid string) (VerifyKey, bool), now time.Time) (a Access, kid string, err error) {
	j, err := ReadJWS(raw, accessType, accessLimit)
	if err != nil {
		return Access{}, "", err
	}
	k, ok := key(j.Header.KID)
	// One algorithm for each key: RFC 8725, section 3.1.
	if !ok || k.Alg != j.Header.Alg || !fits(k.Alg, k.Public) {
		return Access{}, "", ErrKey
	}
	if err := jwt.GetSigningMethod(k.Alg).Verify(j.Signed, j.Signature, k.Public); err != nil {
		return Access{}, "", fmt.Errorf("token: %w", err)
	}
	var c claims
	if err := c.read(j.Payload); err != nil {
		return Access{}, "", err
	}
	if err := c.valid(now); err != nil {
		return Access{}, "", err
	}
	if c.Issuer != issuer || c.Audience != audience || c.ClientID != audience {
		return Access{}, "", ErrMalformed
	}
	return c.access(), j.Header.KID, nil
}

package authkittest

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const idTokenTTL = 5 * time.Minute

// subject returns the subject of an address, the same each time.
func subject(email string) string { return "subject-of-" + email }

// person returns the claims about the user of a grant.
func (p *Provider) person(g grant) jwt.MapClaims {
	claims := jwt.MapClaims{"sub": subject(g.email), "email": g.email, "email_verified": !p.has(UnverifiedAddress), "name": "Test Person"}
	if p.has(NoAddress) {
		delete(claims, "email")
		delete(claims, "email_verified")
	}
	return claims
}

// idToken makes the ID token of a grant, with the faults and claims that the test set.
func (p *Provider) idToken(g grant) (string, error) {
	now := p.kit.Clock.Now()
	if p.has(Expired) {
		now = now.Add(-24 * time.Hour)
	}
	claims := p.person(g)
	claims["iss"], claims["aud"], claims["nonce"] = p.Issuer, clientID, g.nonce
	claims["iat"], claims["exp"] = now.Unix(), now.Add(idTokenTTL).Unix()

	p.mu.Lock()
	defer p.mu.Unlock()
	for _, wrong := range []struct {
		fault Fault
		claim string
		value any
	}{
		{WrongNonce, "nonce", "another nonce"},
		{WrongIssuer, "iss", "https://issuer.example"},
		{WrongAudience, "aud", "another client"},
		{WrongUserInfo, "email", nil},
		{NoUserInfo, "email", nil},
		{IssuedAhead, "iat", now.Add(24 * time.Hour).Unix()},
		{ExpiryAsText, "exp", strconv.FormatInt(now.Add(idTokenTTL).Unix(), 10)},
		{OddClaims, "name", []string{"Test", "Person"}},
		{OddClaims, "at_hash", 7},
		{OddClaims, "_claim_names", map[string]any{"groups": 1}},
	} {
		if slices.Contains(p.faults, wrong.fault) {
			claims[wrong.claim] = wrong.value
		}
	}
	maps.Copy(claims, p.said)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return p.sign(claims)
}

// sign is called with mu held.
func (p *Provider) sign(claims jwt.MapClaims) (string, error) {
	var method jwt.SigningMethod = jwt.SigningMethodES256
	var key any = p.key
	for _, f := range p.faults {
		switch f {
		case Unsigned:
			method, key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
		case SignedWithSecret:
			method, key = jwt.SigningMethodHS256, []byte(clientSecret)
		case WrongKey:
			method, key = jwt.SigningMethodES256, p.wrongKey
		}
	}
	t := jwt.NewWithClaims(method, claims)
	t.Header["kid"] = keyID
	return t.SignedString(key)
}

package token

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// claims is the payload as JSON. The audience is a single string: a list is refused.
type claims struct {
	Issuer        string   `json:"iss"`
	Subject       string   `json:"sub"`
	Audience      string   `json:"aud"`
	ClientID      string   `json:"client_id"`
	ExpiresAt     *int64   `json:"exp"`
	IssuedAt      *int64   `json:"iat"`
	NotBefore     *int64   `json:"nbf,omitzero"` // never minted, but checked if present
	ID            string   `json:"jti"`
	SessionID     string   `json:"sid"`
	AuthTime      int64    `json:"auth_time"`
	AMR           []string `json:"amr"`
	Name          string   `json:"name"`
	Email         string   `json:"email,omitzero"`
	EmailVerified bool     `json:"email_verified,omitzero"`

	Extra map[string]any `json:"-"` // written beside the others; the tag for that differs between builds
}

// plainClaims are claims without methods.
type plainClaims claims

// claimNames are the names that an extra claim must not have.
var claimNames = []string{
	"iss", "sub", "aud", "client_id", "exp", "iat", "nbf", "jti", "sid", "auth_time", "amr", "name", "email", "email_verified",
}

// ReservedClaim reports whether an extra claim must not have the name: it is one of claimNames,
// or registered for what verifiers decide by (RFC 7519, section 4.1; RFC 9068, section 2.2;
// RFC 7800, section 3.1).
func ReservedClaim(name string) bool {
	return slices.Contains(claimNames, name) ||
		slices.Contains([]string{"acr", "azp", "nonce", "cnf", "act", "may_act", "typ", ""}, name)
}

// MarshalJSON refuses an extra claim with one of claimNames.
func (c *claims) MarshalJSON() ([]byte, error) {
	out, err := json.Marshal((*plainClaims)(c), json.Deterministic(true))
	if err != nil || len(c.Extra) == 0 {
		return out, err
	}
	extra, err := json.Marshal(c.Extra, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	for _, name := range claimNames {
		if _, taken := c.Extra[name]; taken {
			return nil, fmt.Errorf("token: the claim %q is reserved", name)
		}
	}
	return append(append(out[:len(out)-1], ','), extra[1:]...), nil
}

// UnmarshalJSON keeps claims without a field in Extra.
func (c *claims) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*plainClaims)(c), json.RejectUnknownMembers(true)); err == nil {
		return nil
	}
	*c = claims{}
	if err := json.Unmarshal(b, (*plainClaims)(c)); err != nil {
		return err
	}
	if err := json.Unmarshal(b, &c.Extra); err != nil {
		return err
	}
	maps.DeleteFunc(c.Extra, func(name string, _ any) bool { return slices.Contains(claimNames, name) })
	return nil
}

func newClaims(a Access) *claims {
	amr := a.AMR
	if amr == nil {
		amr = []string{}
	}
	return &claims{
		Issuer: a.Issuer, Subject: a.Subject, Audience: a.Audience, ClientID: a.Audience,
		ExpiresAt: new(a.ExpiresAt.Unix()), IssuedAt: new(a.IssuedAt.Unix()), AuthTime: a.AuthTime.Unix(),
		ID: a.ID, SessionID: a.SessionID, AMR: amr, Name: a.Name,
		Email: a.Email, EmailVerified: a.Email != "", Extra: a.Extra,
	}
}

func (c *claims) access() Access {
	a := Access{
		Issuer: c.Issuer, Audience: c.Audience, Subject: c.Subject, SessionID: c.SessionID,
		Name: c.Name, ID: c.ID, AMR: c.AMR, Extra: c.Extra, AuthTime: time.Unix(c.AuthTime, 0).UTC(),
		IssuedAt: time.Unix(*c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(*c.ExpiresAt, 0).UTC(),
	}
	if c.EmailVerified {
		a.Email = c.Email
	}
	return a
}

func date(unix *int64) (*jwt.NumericDate, error) {
	if unix == nil {
		return nil, nil
	}
	return jwt.NewNumericDate(time.Unix(*unix, 0)), nil
}

// The methods below implement jwt.Claims.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt) }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.IssuedAt) }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return date(c.NotBefore) }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.Audience}, nil }

package token

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// claims is the payload on the wire. The audience is a single string: a list
// does not decode.
type claims struct {
	Issuer        string   `json:"iss"`
	Subject       string   `json:"sub"`
	Audience      string   `json:"aud"`
	ClientID      string   `json:"client_id"`
	ExpiresAt     *int64   `json:"exp"`
	IssuedAt      *int64   `json:"iat"`
	NotBefore     *int64   `json:"nbf,omitzero"` // never minted, judged where it stands
	ID            string   `json:"jti"`
	SessionID     string   `json:"sid"`
	AuthTime      int64    `json:"auth_time"`
	AMR           []string `json:"amr"`
	Name          string   `json:"name"`
	Email         string   `json:"email,omitzero"`
	EmailVerified bool     `json:"email_verified,omitzero"`

	Extra map[string]any `json:",embed"`
}

// MarshalJSON refuses an extra claim of a name that stands there already.
func (c *claims) MarshalJSON() ([]byte, error) {
	type plain claims // without this method
	return json.Marshal((*plain)(c), json.Deterministic(true))
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

// The methods below make claims a jwt.Claims.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt) }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.IssuedAt) }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return date(c.NotBefore) }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.Audience}, nil }

package token

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authkit-dev/authkit/internal/strictjson"
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
	ACR           string   `json:"acr,omitzero"`
	Name          string   `json:"name"`
	Email         string   `json:"email,omitzero"`
	EmailVerified bool     `json:"email_verified,omitzero"`
	Roles         []string `json:"roles,omitempty"`

	Extra map[string]any `json:"-"` // written beside the others; the tag for that differs between builds
}

// claimNames are the names that an extra claim must not have.
var claimNames = []string{
	"iss", "sub", "aud", "client_id", "exp", "iat", "nbf", "jti", "sid", "auth_time", "amr", "acr", "name", "email", "email_verified", "roles",
}

// ReservedClaim reports whether an extra claim must not have the name: it is one of claimNames,
// or registered for what verifiers decide by (RFC 7519, section 4.1; RFC 9068, section 2.2;
// RFC 7800, section 3.1).
func ReservedClaim(name string) bool {
	return slices.Contains(claimNames, name) ||
		slices.Contains([]string{"azp", "nonce", "cnf", "act", "may_act", "typ", ""}, name)
}

// text writes the claims as JSON. It refuses an extra claim with one of claimNames, and text that
// is not UTF-8.
func (c *claims) text() ([]byte, error) {
	w := writer{b: make([]byte, 0, 512)}
	w.text(`{"iss":`, c.Issuer)
	w.text(`,"sub":`, c.Subject)
	w.text(`,"aud":`, c.Audience)
	w.text(`,"client_id":`, c.ClientID)
	w.number(`,"exp":`, *c.ExpiresAt)
	w.number(`,"iat":`, *c.IssuedAt)
	w.text(`,"jti":`, c.ID)
	w.text(`,"sid":`, c.SessionID)
	w.number(`,"auth_time":`, c.AuthTime)
	w.list(`,"amr":`, c.AMR)
	if c.ACR != "" {
		w.text(`,"acr":`, c.ACR)
	}
	w.text(`,"name":`, c.Name)
	if c.Email != "" {
		w.text(`,"email":`, c.Email)
	}
	if c.EmailVerified {
		w.raw(`,"email_verified":true`)
	}
	if len(c.Roles) > 0 {
		w.list(`,"roles":`, c.Roles)
	}
	w.extra(c.Extra)
	w.raw("}")
	return w.b, w.err
}

// writer writes the members of an object. It keeps its first error.
type writer struct {
	b   []byte
	err error
}

func (w *writer) raw(text string) { w.b = append(w.b, text...) }

func (w *writer) quote(value string) {
	b, err := jsontext.AppendQuote(w.b, value)
	w.b, w.err = b, cmp.Or(w.err, err)
}

func (w *writer) text(name, value string) {
	w.raw(name)
	w.quote(value)
}

func (w *writer) number(name string, value int64) {
	w.raw(name)
	w.b = strconv.AppendInt(w.b, value, 10)
}

func (w *writer) list(name string, values []string) {
	w.raw(name)
	w.raw("[")
	for i, value := range values {
		if i > 0 {
			w.raw(",")
		}
		w.quote(value)
	}
	w.raw("]")
}

func (w *writer) extra(members map[string]any) {
	if len(members) == 0 {
		return
	}
	for _, name := range claimNames {
		if _, taken := members[name]; taken {
			w.err = cmp.Or(w.err, fmt.Errorf("the claim %q is reserved", name))
		}
	}
	text, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		w.err = cmp.Or(w.err, err)
		return
	}
	w.raw(",")
	w.b = append(w.b, text[1:len(text)-1]...)
}

// read reads the claims, and keeps those without a field in Extra.
func (c *claims) read(b []byte) error {
	if strictjson.Plain(string(b), c.plain()) {
		return nil
	}
	*c = claims{}
	if DecodeJSON(b, c, json.RejectUnknownMembers(true)) == nil {
		return nil
	}
	*c = claims{}
	if err := DecodeJSON(b, c); err != nil {
		return err
	}
	if err := DecodeJSON(b, &c.Extra); err != nil {
		return err
	}
	maps.DeleteFunc(c.Extra, func(name string, _ any) bool { return slices.Contains(claimNames, name) })
	return nil
}

// plain lists the claims in the order in which text writes them.
func (c *claims) plain() []strictjson.Field {
	return []strictjson.Field{
		{Name: "iss", Into: &c.Issuer}, {Name: "sub", Into: &c.Subject}, {Name: "aud", Into: &c.Audience}, {Name: "client_id", Into: &c.ClientID},
		{Name: "exp", Into: &c.ExpiresAt}, {Name: "iat", Into: &c.IssuedAt}, {Name: "nbf", Into: &c.NotBefore},
		{Name: "jti", Into: &c.ID}, {Name: "sid", Into: &c.SessionID}, {Name: "auth_time", Into: &c.AuthTime}, {Name: "amr", Into: &c.AMR}, {Name: "acr", Into: &c.ACR},
		{Name: "name", Into: &c.Name}, {Name: "email", Into: &c.Email}, {Name: "email_verified", Into: &c.EmailVerified},
		{Name: "roles", Into: &c.Roles},
	}
}

// valid checks the times, each with the leeway (RFC 7519, section 4.1).
func (c *claims) valid(now time.Time) error {
	switch {
	case c.ExpiresAt == nil || c.IssuedAt == nil:
		return ErrMalformed
	case !now.Before(time.Unix(*c.ExpiresAt, 0).Add(leeway)):
		return ErrExpired
	case now.Before(time.Unix(*c.IssuedAt, 0).Add(-leeway)):
		return errors.New("token: issued in the future")
	case c.NotBefore != nil && now.Before(time.Unix(*c.NotBefore, 0).Add(-leeway)):
		return errors.New("token: not valid yet")
	}
	return nil
}

func newClaims(a Access) *claims {
	return &claims{
		Issuer: a.Issuer, Subject: a.Subject, Audience: a.Audience, ClientID: a.Audience,
		ExpiresAt: new(a.ExpiresAt.Unix()), IssuedAt: new(a.IssuedAt.Unix()), AuthTime: a.AuthTime.Unix(),
		ID: a.ID, SessionID: a.SessionID, AMR: a.AMR, ACR: a.ACR, Name: a.Name,
		Email: a.Email, EmailVerified: a.Email != "", Roles: a.Roles, Extra: a.Extra,
	}
}

func (c *claims) access() Access {
	a := Access{
		Issuer: c.Issuer, Audience: c.Audience, Subject: c.Subject, SessionID: c.SessionID,
		Name: c.Name, ID: c.ID, AMR: c.AMR, ACR: c.ACR, Roles: c.Roles, Extra: c.Extra, AuthTime: time.Unix(c.AuthTime, 0).UTC(),
		IssuedAt: time.Unix(*c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(*c.ExpiresAt, 0).UTC(),
	}
	if c.EmailVerified {
		a.Email = c.Email
	}
	return a
}

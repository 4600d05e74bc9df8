// Package verify checks the access tokens of one app of authkit in services that have neither
// its store nor its Engine. It needs only the issuer's URL:
//
//	v, err := verify.New(verify.Config{Issuer: "https://example.com/auth/apps/" + appID})
//	mux.Handle("/orders", v.Require(orders))
//
// The handler orders reads who asks:
//
//	claims, ok := verify.From(r.Context())
//
// [Verifier.Verify] does the same without an HTTP request. Besides the standard library the
// package links golang-jwt and a few small leaves of authkit itself.
//
// # What is accepted
//
// Exactly what authkit mints is accepted, read as strictly as the Engine reads it: a JWS of at
// most 8 KiB in its canonical spelling, typ at+jwt, no header member besides alg, kid and typ,
// the only algorithm of its key, the exact issuer, and the app as audience and client. Times
// are checked with a leeway of 60 seconds. Anything beyond that is [ErrInvalid].
//
// # Keys
//
// Keys are fetched when a token first needs them. They are kept for Config.MaxAge or for as
// long as the issuer's Cache-Control says, whichever is shorter, but for at least 30 seconds. A
// token that names an unknown key causes a fetch at once, but at most one every 30 seconds, so
// that forged tokens cause no flood. All callers that wait share one fetch.
//
// The issuer publishes a key 15 minutes before it signs with it, so a rotation has no effect on
// callers. If a rotation revokes the old keys, the new one signs at once. A verifier then drops
// the old keys within MaxAge, if the issuer can be reached, and may refuse tokens of the new key
// for at most 30 seconds.
//
// While the issuer is out of reach, the keys at hand are used until they are 24 hours old.
// After that, or if there are no keys, the error is [ErrUnavailable].
//
// # What it cannot know
//
// A minted token is valid until its expiry and the leeway. A verifier does not ask for the
// session. Therefore it does not learn of a sign-out, a disabled user or a deleted app, nor of
// a role that was taken away, or a changed address or name. How long that may last is the app's setting access_token_seconds,
// 60 to 3600, 900 by default. Choose the longest time for which a revoked session may still
// read what this service guards. A short time costs the app many refreshes, so choose 300 where
// money or other people's data are at stake, and rarely less. What must end at once belongs
// behind the Engine's own RequireLive. What requires a recent sign-in must check for a recent
// [Claims.AuthTime].
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrInvalid means that the token must be refused. The text says why, for the log.
	ErrInvalid = errors.New("verify: invalid token")

	// ErrUnavailable means that the keys to check the token with are not available now.
	ErrUnavailable = errors.New("verify: no keys")
)

// Claims holds the claims of an access token.
type Claims struct {
	Subject   string // the user's id
	App       string // the app's id, which is audience and client
	SessionID string
	Email     string   // empty unless it is verified
	Name      string   // may be empty
	ID        string   // of this token
	Methods   []string // RFC 8176
	Assurance string   // the `acr`: "aal2" after a password with a second factor, and after a passkey; else "aal1"

	// Roles are those that counted when the token was minted. One that was taken away since still
	// stands in it until it expires; Engine.RequireRole knows.
	Roles []string

	AuthTime, IssuedAt, ExpiresAt time.Time // whole seconds, UTC

	// Extra holds the claims that the host adds to its tokens, decoded as encoding/json decodes
	// into any. It is nil if there are no such claims.
	Extra map[string]any
}

// Verifier checks the access tokens of one app. It is safe for concurrent use.
type Verifier struct {
	issuer, app, errors string

	now  func() time.Time
	keys *keys
}

// New returns a Verifier. It makes no request: the first token does. The error reports
// everything that is wrong with the Config.
func New(c Config) (*Verifier, error) {
	base, app, err := c.fill()
	if err != nil {
		return nil, err
	}
	now := func() time.Time { return c.Now().Round(0) } // the monotonic clock stops while a machine sleeps
	return &Verifier{
		issuer: c.Issuer, app: app, errors: base + "/errors/", now: now,
		keys: newKeys(newSource(c), c.Logger, now),
	}, nil
}

// Verify returns the claims of an access token. The error is [ErrInvalid] if the token is not a
// valid one of the app, and [ErrUnavailable] if there are no keys to check it with. ctx bounds
// the wait for keys. A caller that leaves does not end the fetch for the others that wait.
func (v *Verifier) Verify(ctx context.Context, raw string) (Claims, error) {
	t, err := read(raw)
	if err != nil {
		return Claims{}, err
	}
	// Claims are checked before the key, so that an old token of a retired key causes no fetch.
	if err := v.check(t.claims); err != nil {
		return Claims{}, err
	}
	k, err := v.keys.find(ctx, t.header.KID)
	if err != nil {
		return Claims{}, err
	}
	// One algorithm for each key: RFC 8725, section 3.1.
	if k.method.Alg() != t.header.Alg {
		return Claims{}, invalid("the key is not for %q", t.header.Alg)
	}
	if err := k.method.Verify(t.signed, t.signature, k.public); err != nil {
		return Claims{}, invalid("%w", err)
	}
	claims := t.claims.public()
	claims.Extra = t.extra
	return claims, nil
}

func (v *Verifier) check(c payload) error {
	now := v.now()
	switch {
	case c.Issuer != v.issuer:
		return invalid("issuer %q, want %q", c.Issuer, v.issuer)
	case c.Audience != v.app || c.ClientID != v.app:
		return invalid("audience %q, client %q", c.Audience, c.ClientID)
	case c.Subject == "" || c.SessionID == "" || c.ID == "":
		return invalid("no sub, sid or jti")
	case c.ExpiresAt == nil || c.IssuedAt == nil:
		return invalid("no exp or iat")
	case !now.Before(time.Unix(*c.ExpiresAt, 0).Add(leeway)):
		return invalid("expired")
	case now.Before(time.Unix(*c.IssuedAt, 0).Add(-leeway)):
		return invalid("issued in the future")
	case c.NotBefore != nil && now.Before(time.Unix(*c.NotBefore, 0).Add(-leeway)):
		return invalid("not valid yet") // RFC 7519, section 4.1.5
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}

// Package verify checks the access tokens of one app of authkit in services that have
// neither its store nor its Engine. It needs the issuer's URL and nothing else:
//
//	v, err := verify.New(verify.Config{Issuer: "https://example.com/auth/apps/" + appID})
//	mux.Handle("/orders", v.Require(orders))
//
// where orders reads who asks:
//
//	claims, ok := verify.From(r.Context())
//
// [Verifier.Verify] is the same for what is no HTTP request. Besides the standard library
// the package links golang-jwt and a few small leaves of authkit itself.
//
// # What is accepted
//
// Exactly what authkit mints, read as strictly as the Engine reads it: a JWS of at most
// 8 KiB in its one canonical spelling, typ at+jwt, no header member beyond alg, kid and
// typ, the one algorithm of its key, the exact issuer, and the app as audience and client.
// Times are judged with a leeway of 60 seconds. Anything else is [ErrInvalid].
//
// # Keys
//
// Keys are fetched when a token first needs them, and kept for Config.MaxAge or for what
// the issuer's Cache-Control says, whichever is shorter, but 30 seconds at least. A token
// that names an unknown key has them fetched at once, though no more often than every 30
// seconds, so that forged tokens make no flood. All who wait share one flight.
//
// The issuer publishes a key 15 minutes before it signs, so rotation goes unnoticed. Where
// a rotation revokes the old keys, the new one signs at once: a verifier drops the old ones
// within MaxAge, and a token of the new key may be refused for 30 seconds at worst.
//
// While the issuer is out of reach, the keys at hand go on working until they are 24 hours
// old; then, or where there are none, the answer is [ErrUnavailable].
//
// # What it cannot know
//
// A token that was minted lives up to its expiry and the leeway: a verifier does not ask
// for the session, so it learns of no sign-out, no disabled user and no deleted app, nor of
// an address or a name that has changed. How long that may last is the app's setting
// access_token_seconds, 60 to 3600, 900 by default: take the longest time for which a
// revoked session may still read what this service guards. Short ones cost the app a refresh each time, so
// choose 300 where money or other people's data are at stake, rarely less. What must end
// at once belongs behind the Engine's own RequireLive, and what wants a recent sign-in asks
// for a recent [Claims.AuthTime].
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrInvalid means that the token is to be refused. The text says why, for the log.
	ErrInvalid = errors.New("verify: invalid token")

	// ErrUnavailable means that the keys to judge the token by cannot be had now.
	ErrUnavailable = errors.New("verify: no keys")
)

// Claims is what an access token says.
type Claims struct {
	Subject   string // the user's id
	App       string // the app's id, which is audience and client
	SessionID string
	Email     string   // empty unless it is verified
	Name      string   // may be empty
	ID        string   // of this token
	Methods   []string // RFC 8176

	AuthTime, IssuedAt, ExpiresAt time.Time // whole seconds, UTC

	// Extra are the members that the host adds to its tokens, decoded as encoding/json
	// does into any; nil: there are none.
	Extra map[string]any
}

// Verifier checks the access tokens of one app. It is safe for concurrent use.
type Verifier struct {
	issuer, app, errors string

	now  func() time.Time
	keys *keys
}

// New makes a Verifier. It touches no network: the first token does. An error reports
// everything that is wrong with the Config.
func New(c Config) (*Verifier, error) {
	base, app, err := c.fill()
	if err != nil {
		return nil, err
	}
	now := func() time.Time { return c.Now().Round(0) } // the monotonic clock stands still while a machine sleeps
	return &Verifier{
		issuer: c.Issuer, app: app, errors: base + "/errors/", now: now,
		keys: newKeys(newSource(c), c.Logger, now),
	}, nil
}

// Verify answers what an access token says, [ErrInvalid] if it is none of the app's that
// counts now, or [ErrUnavailable]. The context bounds the wait for keys; a caller who
// leaves does not take them from the others who wait.
func (v *Verifier) Verify(ctx context.Context, raw string) (Claims, error) {
	t, err := read(raw)
	if err != nil {
		return Claims{}, err
	}
	// Claims come before the key, so that an old token of a retired key fetches nothing.
	if err := v.check(t.claims); err != nil {
		return Claims{}, err
	}
	k, err := v.keys.find(ctx, t.header.KID)
	if err != nil {
		return Claims{}, err
	}
	// One algorithm a key: RFC 8725, section 3.1.
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

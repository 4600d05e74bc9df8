package authkit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/coalesce"
	"github.com/authkit-dev/authkit/internal/token"
)

// Identity is what an access token proves, or a session cookie in its place.
type Identity struct {
	App, User, Session uuid.UUID
	Email              string // empty unless it is verified
	Name               string
	AuthTime           time.Time
	Methods            []string // RFC 8176; "mfa" is among them as long as SecondFactorAt is set

	// SecondFactorAt is when the session last showed a second factor, or a passkey. Like Roles it is the
	// store's word, whatever the token says: zero, if none was shown, or a factor was removed since.
	SecondFactorAt time.Time

	// Assurance is the `acr` of the token: "aal2" after a password with a second factor, and after a
	// passkey; otherwise "aal1". It follows SecondFactorAt.
	Assurance string

	// Roles are those that the user had at the last answer of the store, which is no older than
	// Config.Tokens.LiveWithin, whatever the token says. While the address is unproven there are
	// none, unless the app's VerifyEmail is [VerifyEmailOff]. They are shared by requests: do not
	// modify them.
	Roles []string

	// Claims are what Hooks.Claims added. They are shared by requests: do not modify them.
	Claims map[string]any
}

// provenIdentity is the identity that claims prove.
func provenIdentity(ref SessionRef, claims token.Access) *Identity {
	return &Identity{
		App: ref.App, User: ref.User, Session: ref.ID, Email: claims.Email, Name: claims.Name,
		AuthTime: claims.AuthTime, Methods: claims.AMR, Assurance: claims.ACR, Roles: claims.Roles, Claims: claims.Extra,
		SecondFactorAt: secondFactorAt(claims),
	}
}

// secondFactorAt is when a token says that its session showed a second factor: no later than its
// sign-in. The store says when exactly.
func secondFactorAt(claims token.Access) time.Time {
	if slices.Contains(claims.AMR, amrMFA) {
		return claims.AuthTime
	}
	return time.Time{}
}

// following returns the identity as the store's word on its session is now.
func (id *Identity) following(u sessionUser, app App) *Identity {
	roles := u.roles(app)
	if slices.Equal(id.Roles, roles) && id.SecondFactorAt.Equal(u.mfaAt.Truncate(time.Second)) {
		return id
	}
	out := *id
	out.Roles, out.SecondFactorAt = roles, u.mfaAt
	switch has := slices.Contains(id.Methods, amrMFA); {
	case has && u.mfaAt.IsZero():
		out.Methods = slices.DeleteFunc(slices.Clone(id.Methods), func(m string) bool { return m == amrMFA })
	case !has && !u.mfaAt.IsZero():
		out.Methods = append(slices.Clone(id.Methods), amrMFA)
	}
	out.Assurance = assuranceOf(out.Methods)
	return &out
}

// hasAny reports whether the identity has one of the roles.
func (id *Identity) hasAny(roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(id.Roles, role) })
}

// sessionUser is the user of a live session, as far as an identity follows the store.
type sessionUser struct {
	id       uuid.UUID
	verified bool
	given    []string  // the roles
	mfaAt    time.Time // when the session showed a second factor
}

func newSessionUser(s Session, u User) sessionUser {
	return sessionUser{u.ID, u.Verified, u.Roles, s.MFAAt}
}

// roles returns the roles that count in the app.
func (u sessionUser) roles(app App) []string {
	return User{Verified: u.verified, Roles: u.given}.roles(app)
}

// What a process remembers for Require.
const (
	maxApps = 1024
	maxLive = 65536 // sessions
)

// askTimeout bounds a call of the store that may outlive the request which made it.
const askTimeout = 5 * time.Second

// liveness is the cache of Require: apps as they were last read, verified access tokens (in
// [signing]), and sessions that were live. It never caches a refusal. Each method takes how old an answer of the
// store may be. It is safe for concurrent use.
type liveness struct {
	apps    *appCache
	cookies *cookieIdentities
	store   SessionStore
	signing *signing
	now     func() time.Time

	users    *bounded.Cache[sessionKey, aged[sessionUser]] // of live sessions
	inFlight coalesce.Group[sessionKey, aged[sessionUser]] // calls of the store
}

// sessionKey names a session: its app, then its id.
type sessionKey [2]uuid.UUID

// newLiveness takes functions that read an app and that prove the identity of a session cookie.
func newLiveness(store SessionStore, signing *signing, now func() time.Time, load appLoader, prove cookieProof) *liveness {
	return &liveness{
		apps: newAppCache(load, now, maxApps), cookies: newCookieIdentities(prove, maxVerified),
		store: store, signing: signing, now: now,
		users: bounded.NewCache[sessionKey, aged[sessionUser]](maxLive),
	}
}

// byToken returns the identity that an access token of the app proves. The signature is verified
// once. The key and the session are read again once the last answer is older than within.
func (l *liveness) byToken(ctx context.Context, app uuid.UUID, raw string, within time.Duration) (*Identity, error) {
	now := l.now()
	key := digest(raw)
	v, known := l.signing.recall(key, app, now)
	// The session may be known to be live from another of its tokens. That says nothing about the
	// key of this one.
	if known && recent(v.keyAt, now, within) {
		if u, ok := l.knowsAlive(v.id, now, within); ok {
			return v.id.following(u, v.rules), nil
		}
	}
	record, at, err := l.apps.recent(ctx, app, now, within)
	if err != nil {
		return nil, err
	}
	if v, err = l.signing.verify(record, raw, now); err != nil {
		return nil, err
	}
	v.keyAt, v.rules = at, App{Settings: Settings{VerifyEmail: record.Settings.VerifyEmail}}
	l.signing.remember(key, v, now)
	u, err := l.alive(ctx, v.id, now, within)
	if errors.Is(err, CodeInvalidToken) {
		l.signing.verified.Drop(key)
	}
	if err != nil {
		return nil, err
	}
	return v.id.following(u, v.rules), nil
}

// recent reports whether at is less than within ago. A time in the future is not recent: the
// clock was set back, and the age is not known.
func recent(at, now time.Time, within time.Duration) bool {
	return !now.Before(at) && now.Sub(at) < within
}

// knowsAlive returns the user by an answer that is younger than within; ok reports whether there is
// one that says that the session is live and belongs to the user.
func (l *liveness) knowsAlive(id *Identity, now time.Time, within time.Duration) (_ sessionUser, ok bool) {
	got, ok := l.users.Get(sessionKey{id.App, id.Session})
	return got.value, ok && got.value.id == id.User && recent(got.at, now, within)
}

// alive returns the user of a session, and refuses one that has ended: [CodeInvalidToken]. It asks
// the store unless the last answer is recent.
func (l *liveness) alive(ctx context.Context, id *Identity, now time.Time, within time.Duration) (sessionUser, error) {
	if u, ok := l.knowsAlive(id, now, within); ok {
		return u, nil
	}
	key := sessionKey{id.App, id.Session}
	user, err := l.ask(ctx, key, now, within)
	if errors.Is(err, ErrNotFound) || (err == nil && user.value.id != id.User) {
		l.users.Drop(key)
	}
	switch {
	case err != nil:
		return sessionUser{}, sessionError(id.Session, err)
	case user.value.id != id.User:
		return sessionUser{}, invalidToken("the session is another user's")
	}
	l.users.Put(key, user)
	return user.value, nil
}

// ask returns the user of a live session, and the time, less than within ago, of that answer.
// Concurrent callers share one call of the store, unless within is not positive.
func (l *liveness) ask(ctx context.Context, key sessionKey, now time.Time, within time.Duration) (aged[sessionUser], error) {
	ask := func(ctx context.Context) (aged[sessionUser], error) {
		s, u, err := l.store.Session(ctx, key[0], SessionKey{ID: key[1]}, now)
		return aged[sessionUser]{newSessionUser(s, u), now}, err
	}
	if within > 0 {
		got, err := l.inFlight.Do(ctx, key, askTimeout, ask)
		if err != nil || recent(got.at, now, within) {
			return got, err
		}
	}
	return ask(ctx) // the shared answer is older than this request may use
}

// forget drops a session that has ended, and with it the identity of its cookie.
func (l *liveness) forget(app, session uuid.UUID) { l.users.Drop(sessionKey{app, session}) }

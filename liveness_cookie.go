package authkit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/coalesce"
	"github.com/authkit-dev/authkit/internal/token"
)

// cookieUse is the use of a session cookie by a request.
type cookieUse struct {
	app   App
	value string
	by    Client
	used  bool // the request counts as a use of the session
}

// key is the cache key of the cookie: a hash of its app and its value.
func (c cookieUse) key() [sha256.Size]byte {
	return [sha256.Size]byte(token.Hash(c.app.ID[:], []byte(c.value)))
}

// cookieProof reads the session of a cookie from the store, and returns what an access token of
// it would prove now, with its user. [CodeInvalidToken]: no live session has the cookie.
type cookieProof func(context.Context, cookieUse) (provenCookie, error)

// provenCookie is what a session cookie proves.
type provenCookie struct {
	id   *Identity // never written to
	user sessionUser
}

// cookieIdentities caches the identities of session cookies. It is safe for concurrent use.
type cookieIdentities struct {
	prove    cookieProof
	known    *bounded.Cache[[sha256.Size]byte, aged[provenCookie]]
	inFlight coalesce.Group[[sha256.Size]byte, aged[provenCookie]] // calls of the store
}

func newCookieIdentities(prove cookieProof, most int) *cookieIdentities {
	return &cookieIdentities{prove: prove, known: bounded.NewCache[[sha256.Size]byte, aged[provenCookie]](most)}
}

// byCookie returns the identity that a session cookie proves, from an answer of the store that is
// younger than within, and than a minute in any case, since the use of the session has to be
// written.
func (l *liveness) byCookie(ctx context.Context, c cookieUse, within time.Duration) (*Identity, error) {
	now, key := l.now(), c.key()
	within = min(within, useEvery)
	// A session that this process has ended is no longer known to be alive.
	if got, ok := l.cookies.known.Get(key); ok && recent(got.at, now, within) {
		if u, ok := l.knowsAlive(got.value.id, now, within); ok {
			return got.value.id.following(u, c.app), nil
		}
	}
	got, err := l.cookies.ask(ctx, c, now, within)
	if err != nil {
		return nil, err
	}
	if within <= 0 {
		return got.value.id.following(got.value.user, c.app), nil
	}
	l.users.Put(sessionKey{c.app.ID, got.value.id.Session}, aged[sessionUser]{got.value.user, got.at})
	l.cookies.known.Put(key, got)
	l.cookies.known.DropSome(func(old aged[provenCookie]) bool { return !recent(old.at, now, useEvery) })
	return got.value.id.following(got.value.user, c.app), nil
}

// ask calls the store. Concurrent callers share one call, unless within is not positive.
func (i *cookieIdentities) ask(ctx context.Context, c cookieUse, now time.Time, within time.Duration) (aged[provenCookie], error) {
	ask := func(ctx context.Context) (aged[provenCookie], error) {
		got, err := i.prove(ctx, c)
		return aged[provenCookie]{got, now}, err
	}
	if within <= 0 {
		return ask(ctx)
	}
	got, err := i.inFlight.Do(ctx, c.key(), askTimeout, ask)
	if err == nil && !recent(got.at, now, within) {
		got, err = ask(ctx) // the shared answer is older than this request may use
	}
	if err != nil {
		return aged[provenCookie]{}, askError(err)
	}
	return got, nil
}

// askError returns a refusal as it is. Every other error means that the store does not answer.
func askError(err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return unavailable(fmt.Errorf("read a session by its cookie: %w", err))
}

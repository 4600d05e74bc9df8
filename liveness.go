package authkit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// vouched is an access token that was verified. It counts until it expires, for as long
// as its key does and its session is alive.
type vouched struct {
	id      *Identity // shared by every request: never written to
	kid     string
	keyed   time.Time // when the key counted last, as far as is known
	expires time.Time
}

// identity verifies a token, once, and asks after its key and session what is not known
// for at most within.
func (e *Engine) identity(ctx context.Context, app uuid.UUID, raw string, within time.Duration) (*Identity, error) {
	now := e.now()
	key := digest(raw)
	v, known := e.seen.Get(key)
	// Another token of the session may be why it is known to be alive: that says nothing of
	// this one's key.
	if known && v.id.App == app && now.Before(v.expires) && recent(v.keyed, now, within) && e.recentlyAlive(v.id, now, within) {
		return v.id, nil
	}
	record, at, err := e.recentApp(ctx, app, now, within)
	if err != nil {
		return nil, err
	}
	if !known || v.id.App != app || !now.Before(v.expires) || !record.keys().published(now).has(v.kid) {
		if v, err = e.vouch(record, raw, now); err != nil {
			return nil, err
		}
	}
	v.keyed = at
	e.seen.Put(key, v)
	if err := e.alive(ctx, v.id, now, within); err != nil {
		return nil, err
	}
	return v.id, nil
}

// digest names a token in the cache: all of it, so that no other token is taken for it.
func digest(raw string) [sha256.Size]byte {
	var short [2048]byte // no allocation for a token of the usual length
	return sha256.Sum256(append(short[:0], raw...))
}

func (e *Engine) vouch(app App, raw string, now time.Time) (vouched, error) {
	claims, kid, err := token.Verify(raw, e.cfg.issuer(app.ID), app.ID.String(), e.signing.verifyKey(app, now), now)
	if err != nil {
		return vouched{}, invalidToken("the access token does not verify").because(err)
	}
	ref, err := sessionOf(app.ID, claims)
	if err != nil {
		return vouched{}, err
	}
	return vouched{kid: kid, expires: claims.ExpiresAt, id: proven(ref, claims)}, nil
}

// proven is the identity that claims prove.
func proven(ref SessionRef, claims token.Access) *Identity {
	return &Identity{
		App: ref.App, User: ref.User, Session: ref.ID, Email: claims.Email, Name: claims.Name,
		AuthTime: claims.AuthTime, Methods: claims.AMR, Claims: claims.Extra,
	}
}

// recentApp answers an app as it was at a time no further back than within.
func (e *Engine) recentApp(ctx context.Context, id uuid.UUID, now time.Time, within time.Duration) (App, time.Time, error) {
	if got, ok := e.apps.Get(id); ok && recent(got.at, now, within) {
		return got.value, got.at, nil
	}
	app, err := e.readApp(ctx, id)
	return app, now, err
}

// recent says whether something was true less than within ago. A time in the future says
// that the clock was set back: how long ago it was nobody knows.
func recent(at, now time.Time, within time.Duration) bool {
	return !now.Before(at) && now.Sub(at) < within
}

func (e *Engine) recentlyAlive(id *Identity, now time.Time, within time.Duration) bool {
	got, ok := e.live.Get([2]uuid.UUID{id.App, id.Session})
	return ok && got.value == id.User && recent(got.at, now, within)
}

// alive remembers sessions that were alive, never ones that were not. Concurrent requests that
// ask about one session share one question to the store, unless within is negative.
func (e *Engine) alive(ctx context.Context, id *Identity, now time.Time, within time.Duration) error {
	if e.recentlyAlive(id, now, within) {
		return nil
	}
	key := [2]uuid.UUID{id.App, id.Session}
	user, at, err := e.askSession(ctx, key, now, within)
	switch {
	case errors.Is(err, ErrNotFound) || (err == nil && user != id.User):
		e.live.Drop(key)
		return invalidToken("the session has ended, or is another user's")
	case err != nil:
		return unavailable(fmt.Errorf("read session %s: %w", id.Session, err))
	}
	e.live.Put(key, aged[uuid.UUID]{user, at})
	return nil
}

// askSession answers the user of a session, and a time no further back than within at which
// that was true.
func (e *Engine) askSession(ctx context.Context, key [2]uuid.UUID, now time.Time, within time.Duration) (uuid.UUID, time.Time, error) {
	ask := func(ctx context.Context) (aged[uuid.UUID], error) {
		_, u, err := e.store.Session(ctx, key[0], key[1], now)
		return aged[uuid.UUID]{u.ID, now}, err
	}
	if within > 0 {
		got, err := e.asking.Do(ctx, key, askTimeout, ask)
		if err != nil || recent(got.at, now, within) {
			return got.value, got.at, err
		}
	}
	got, err := ask(ctx) // the shared answer is older than this request may use
	return got.value, got.at, err
}

// askTimeout bounds a question that may outlive the request which asked it.
const askTimeout = 5 * time.Second

package authkit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/coalesce"
	"github.com/authkit-dev/authkit/internal/token"
)

// useEvery is how often the use of a session by its cookie is written.
const useEvery = time.Minute

// byCookie knows whose session cookies are, from what the store said lately.
type byCookie struct {
	known  *bounded.Cache[[sha256.Size]byte, aged[*Identity]] // by the hash of the value, never written to
	asking coalesce.Group[[sha256.Size]byte, aged[*Identity]]
}

func newByCookie(most int) *byCookie {
	return &byCookie{known: bounded.NewCache[[sha256.Size]byte, aged[*Identity]](most)}
}

// sessionByCookie asks the store for the session of a cookie's value: [CodeInvalidToken] for
// anything but a live one. Where the app asks for proven addresses since, an unproven user's
// session ends. used moves the idle time on, at most once a minute.
func (e *Engine) sessionByCookie(ctx context.Context, app App, value string, used bool) (Session, User, error) {
	hash, ok := cookieHash(value)
	if !ok {
		return Session{}, User{}, invalidToken("the session cookie is malformed")
	}
	now := e.now()
	s, u, err := e.store.SessionByCookie(ctx, app.ID, hash, now)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, User{}, invalidToken("no live session has the cookie")
	case err != nil:
		return Session{}, User{}, unavailable(fmt.Errorf("read a session by its cookie: %w", err))
	}
	if app.Settings.RequireVerified && !u.Verified {
		err := e.endSession(ctx, SessionRef{App: app.ID, User: u.ID, ID: s.ID}, string(CodeEmailNotVerified))
		if err != nil && !errors.Is(err, CodeSessionNotFound) {
			return Session{}, User{}, err
		}
		return Session{}, User{}, unproven("")
	}
	if used {
		err = e.use(ctx, app, &s, now)
	}
	return s, u, err
}

// use moves the idle time of a session on.
func (e *Engine) use(ctx context.Context, app App, s *Session, now time.Time) error {
	if since := now.Sub(s.LastUsedAt); since.Abs() < useEvery {
		return nil
	}
	_, idle, _ := e.cfg.Tokens.lifetimes(app)
	err := e.store.UseSession(ctx, app.ID, s.ID, now, now.Add(idle))
	switch {
	case errors.Is(err, ErrNotFound):
		return invalidToken("the session has ended")
	case err != nil:
		return unavailable(fmt.Errorf("note the use of session %s: %w", s.ID, err))
	}
	s.LastUsedAt, s.IdleUntil = now, now.Add(idle)
	return nil
}

// identityByCookie is what an access token of the cookie's session would prove now, from the
// store's word no older than within, and than a minute, since use has to be written.
func (e *Engine) identityByCookie(ctx context.Context, app App, value string, by Client, within time.Duration, used bool) (*Identity, error) {
	now, key := e.now(), cookieKey(app.ID, value)
	within = min(within, useEvery)
	// A session that this process has ended is dropped from those that are alive.
	if got, ok := e.cookied.known.Get(key); ok && recent(got.at, now, within) && e.recentlyAlive(got.value, now, within) {
		return got.value, nil
	}
	ask := func(ctx context.Context) (aged[*Identity], error) {
		id, err := e.askByCookie(ctx, app, value, by, used)
		return aged[*Identity]{id, now}, err
	}
	if within <= 0 {
		got, err := ask(ctx)
		return got.value, err
	}
	got, err := e.cookied.asking.Do(ctx, key, askTimeout, ask)
	if err == nil && !recent(got.at, now, within) {
		got, err = ask(ctx) // the shared answer is older than this request may use
	}
	if err != nil {
		return nil, e.askError(err)
	}
	e.live.Put([2]uuid.UUID{app.ID, got.value.Session}, aged[uuid.UUID]{got.value.User, got.at})
	e.cookied.known.Put(key, got)
	return got.value, nil
}

// askError keeps a refusal, and takes everything else for a store that does not answer.
func (e *Engine) askError(err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return unavailable(fmt.Errorf("read a session by its cookie: %w", err))
}

// cookieKey names a cookie's value of one app in the cache.
func cookieKey(app uuid.UUID, value string) [sha256.Size]byte {
	return [sha256.Size]byte(token.Hash(app[:], []byte(value)))
}

func (e *Engine) askByCookie(ctx context.Context, app App, value string, by Client, used bool) (*Identity, error) {
	s, u, err := e.sessionByCookie(ctx, app, value, used)
	if err != nil {
		return nil, err
	}
	claims, err := e.claims(ctx, app, Moment{Kind: MomentToken, App: app.ID, User: u, Client: by}, s, e.now())
	if err != nil {
		return nil, err
	}
	if claims, err = token.Read(claims); err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "the application's claims cannot be used", Err: err}
	}
	return proven(SessionRef{App: app.ID, User: u.ID, ID: s.ID}, claims), nil
}

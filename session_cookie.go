package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authkit-dev/authkit/internal/token"
)

// useEvery is how often the use of a session by its cookie is written.
const useEvery = time.Minute

// sessionByCookie asks the store for the session of a cookie's value: [CodeInvalidToken] for
// anything but a live one. Where the app asks for proven addresses since, an unproven user's
// session ends. used moves the idle time on, at most once a minute.
func (e *Engine) sessionByCookie(ctx context.Context, c cookieUse) (Session, User, error) {
	app := c.app
	hash, ok := cookieHash(c.value)
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
	if c.used {
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

// proveCookie is the [cookieProof] of the Engine.
func (e *Engine) proveCookie(ctx context.Context, c cookieUse) (*Identity, error) {
	s, u, err := e.sessionByCookie(ctx, c)
	if err != nil {
		return nil, err
	}
	claims, err := e.claims(ctx, c.app, Moment{Kind: MomentToken, App: c.app.ID, User: u, Client: c.by}, s, e.now())
	if err != nil {
		return nil, err
	}
	if claims, err = token.Read(claims); err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "the application's claims cannot be used", Err: err}
	}
	return provenIdentity(SessionRef{App: c.app.ID, User: u.ID, ID: s.ID}, claims), nil
}

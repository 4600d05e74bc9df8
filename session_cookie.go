package authkit

import (
	"context"
	"errors"
)

// sessionByCookie returns the live session of a cookie, and its user. [CodeInvalidToken]: no live
// session has the cookie. Where the app has come to require verified addresses, it ends the
// session of an unverified user: [CodeEmailNotVerified].
func (e *Engine) sessionByCookie(ctx context.Context, c cookieUse) (Session, User, error) {
	s, u, err := e.sessions.byCookie(ctx, c.app.ID, c.value)
	if err == nil {
		err = e.endUnproven(ctx, c.app, u, s)
	}
	if err != nil {
		return Session{}, User{}, err
	}
	if c.used {
		if err = e.sessions.use(ctx, c.app, &s); err == nil {
			e.hooks.stats.used(c.app.ID, u.ID)
		}
	}
	return s, u, err
}

// endUnproven ends a session of a user whose address is not verified, where the app has come to
// require verified addresses since the session began: [CodeEmailNotVerified].
func (e *Engine) endUnproven(ctx context.Context, app App, u User, s Session) error {
	if !app.requiresProof() || u.Verified {
		return nil
	}
	err := e.endSession(ctx, SessionRef{App: app.ID, User: u.ID, ID: s.ID}, string(CodeEmailNotVerified))
	if err != nil && !errors.Is(err, CodeSessionNotFound) {
		return err
	}
	return unproven("")
}

// proveCookie is the [cookieProof] of the Engine.
func (e *Engine) proveCookie(ctx context.Context, c cookieUse) (provenCookie, error) {
	s, u, err := e.sessionByCookie(ctx, c)
	if err != nil {
		return provenCookie{}, err
	}
	id, err := e.sessions.identity(ctx, c.app, HookEvent{Kind: HookToken, App: c.app.ID, User: u, Client: c.by}, s)
	return provenCookie{id, newSessionUser(s, u)}, err
}

package authkit

import (
	"context"
	"time"

	"github.com/authkit-dev/authkit/internal/token"
)

// issue mints the access token of a session that was just started or is live. It returns the
// token with the secret by which the client holds the session. Hooks.Before may refuse it;
// Hooks.After is called.
func (s *sessions) issue(ctx context.Context, app App, m HookEvent, session Session, secret sessionSecret) (SignIn, error) {
	in, err := s.grant(ctx, app, m, session, secret)
	if err == nil {
		m.Kind = HookToken
		s.hooks.after(m)
	}
	return in, err
}

// grant is issue for a step that has not happened yet. It does not call Hooks.After.
func (s *sessions) grant(ctx context.Context, app App, m HookEvent, session Session, secret sessionSecret) (SignIn, error) {
	now, created := s.now(), m.Kind == HookSignUp
	m.Kind = HookToken
	claims, err := s.claims(ctx, app, m, session, now)
	if err != nil {
		return SignIn{}, err
	}
	raw, err := s.signing.mint(app, claims, now)
	if err != nil {
		return SignIn{}, err
	}
	out := SignIn{Token: raw, ExpiresIn: claims.ExpiresAt.Sub(now), User: m.User, SessionID: session.ID, Created: created}
	out.hold(secret, session, now)
	return out, nil
}

// identity returns what an access token of the session would prove now. Hooks.Before may refuse
// it.
func (s *sessions) identity(ctx context.Context, app App, m HookEvent, session Session) (*Identity, error) {
	claims, err := s.claims(ctx, app, m, session, s.now())
	if err != nil {
		return nil, err
	}
	if claims, err = token.Read(claims); err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "the application's claims cannot be used", Err: err}
	}
	return provenIdentity(SessionRef{App: app.ID, User: m.User.ID, ID: session.ID}, claims), nil
}

// claims returns the claims of an access token that is minted now. The token expires no later
// than the session ends.
func (s *sessions) claims(ctx context.Context, app App, m HookEvent, session Session, now time.Time) (token.Access, error) {
	if err := s.hooks.before(ctx, m); err != nil {
		return token.Access{}, err
	}
	extra, err := s.hooks.claims(ctx, m)
	if err != nil {
		return token.Access{}, err
	}
	ttl, _, _ := s.config.lifetimes(app)
	expires := now.Add(ttl)
	for _, end := range []time.Time{session.IdleUntil, session.Until} {
		if end.Before(expires) {
			expires = end
		}
	}
	u := m.User
	claims := token.Access{
		Issuer: s.signing.issuer(app.ID), Audience: app.ID.String(), Subject: u.ID.String(), SessionID: session.ID.String(),
		ID: newID(now).String(), IssuedAt: now, ExpiresAt: expires, AuthTime: session.AuthTime, AMR: session.methods(), ACR: assuranceOf(session.methods()), Roles: u.roles(app), Name: u.Name, Extra: extra,
	}
	if u.Verified {
		claims.Email = u.EmailTyped
	}
	return claims, nil
}

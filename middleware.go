package authkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/token"
)

// Identity is what an access token proves.
type Identity struct {
	App, User, Session uuid.UUID
	Email              string // empty unless it is verified
	Name               string
	AuthTime           time.Time
	Methods            []string // RFC 8176
}

type identityKey struct{}

// IdentityFrom answers who made the request, behind [Engine.Require] or
// [Engine.Optional]; false: nobody that is known.
func IdentityFrom(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(Identity)
	return id, ok
}

// AppFor names the app of a request to the host's own routes.
type AppFor func(*http.Request) (uuid.UUID, error)

// ForApp is one app for every request.
func ForApp(app uuid.UUID) AppFor {
	return func(*http.Request) (uuid.UUID, error) { return app, nil }
}

// Require lets a request through to the host's handler if it carries an access token of
// the app whose session is alive; [IdentityFrom] tells whose. Everything else is a 401.
// The token is verified here; how old the store's last word on its session may be is
// Config.Tokens.LiveWithin, and 503 is the answer when the store cannot say.
func (e *Engine) Require(app AppFor) func(http.Handler) http.Handler {
	return e.middleware(app, true)
}

// Optional is Require for routes that strangers may use too: without an Authorization
// header the request goes through without an identity. A header that is wrong is a 401.
func (e *Engine) Optional(app AppFor) func(http.Handler) http.Handler {
	return e.middleware(app, false)
}

func (e *Engine) middleware(app AppFor, required bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !required && len(r.Header.Values("Authorization")) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			id, err := e.identify(r, app)
			if err != nil {
				writeProblem(w, e.url("/errors/"), asError(err), "")
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), identityKey{}, id)))
		})
	}
}

func (e *Engine) identify(r *http.Request, appFor AppFor) (Identity, error) {
	scheme, raw, err := httpio.Authorization(r)
	if err != nil {
		return Identity{}, refuse(CodeInvalidRequest, "the Authorization header is not one scheme, one space and one credential")
	}
	if scheme != "bearer" || raw == "" {
		return Identity{}, refuse(CodeUnauthenticated, "this endpoint wants an access token: Authorization: Bearer …")
	}
	id, err := appFor(r)
	if err != nil {
		return Identity{}, &Error{Code: CodeAppNotFound, Detail: "there is no such app", Err: err}
	}
	return e.identity(r.Context(), id, raw)
}

// identity verifies a token with keys, and against a word on its session, that are at
// most LiveWithin old.
func (e *Engine) identity(ctx context.Context, id uuid.UUID, raw string) (Identity, error) {
	now := e.now()
	app, err := e.recentApp(ctx, id, now)
	if err != nil {
		return Identity{}, err
	}
	claims, err := token.Verify(raw, e.issuer(id), id.String(), e.verifyKey(app, now), now)
	if err != nil {
		return Identity{}, invalidToken()
	}
	sid, err1 := uuid.Parse(claims.SessionID)
	sub, err2 := uuid.Parse(claims.Subject)
	if err1 != nil || err2 != nil {
		return Identity{}, invalidToken()
	}
	if err := e.alive(ctx, id, sid, sub, now); err != nil {
		return Identity{}, err
	}
	return Identity{
		App: id, User: sub, Session: sid, Email: claims.Email, Name: claims.Name,
		AuthTime: claims.AuthTime, Methods: claims.AMR,
	}, nil
}

func (e *Engine) recentApp(ctx context.Context, id uuid.UUID, now time.Time) (App, error) {
	if got, ok := e.apps.get(id); ok && now.Sub(got.at) < e.cfg.Tokens.LiveWithin {
		return got.value, nil
	}
	return e.readApp(ctx, id)
}

// alive remembers sessions that were alive, never ones that were not.
func (e *Engine) alive(ctx context.Context, app, sid, sub uuid.UUID, now time.Time) error {
	key := [2]uuid.UUID{app, sid}
	if got, ok := e.live.get(key); ok && got.value == sub && now.Sub(got.at) < e.cfg.Tokens.LiveWithin {
		return nil
	}
	_, u, err := e.store.Session(ctx, app, sid, now)
	switch {
	case errors.Is(err, ErrNotFound) || (err == nil && u.ID != sub):
		e.live.drop(key)
		return invalidToken()
	case err != nil:
		return unavailable(fmt.Errorf("read session %s: %w", sid, err))
	}
	e.live.put(key, aged[uuid.UUID]{sub, now})
	return nil
}

package authkit

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

type identityKey struct{}

// IdentityFrom answers who made the request, behind [Engine.Require] or
// [Engine.Optional]; false: nobody that is known.
func IdentityFrom(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(*Identity)
	if !ok {
		return Identity{}, false
	}
	return *id, true
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
//
// Where the app takes session cookies, one does instead of the header, and its identity is
// that of an access token made now. A browser's cross-origin request that may do more than
// read is a 403 if a cookie is what would let it in: one with an unsafe method, and a
// WebSocket handshake. The app's own origins are no others.
//
// An answer that sets a session cookie is kept by no cache, whatever the handler says.
func (e *Engine) Require(app AppFor) func(http.Handler) http.Handler {
	return guard{e: e, app: app, required: true, within: e.cfg.Tokens.LiveWithin}.wrap
}

// RequireLive is Require, but the store is asked each time.
func (e *Engine) RequireLive(app AppFor) func(http.Handler) http.Handler {
	return guard{e: e, app: app, required: true}.wrap
}

// Optional is Require for routes that strangers may use too: without an Authorization
// header or a session cookie the request goes through without an identity. A header that
// is wrong is a 401; a cookie that is, is none.
func (e *Engine) Optional(app AppFor) func(http.Handler) http.Handler {
	return guard{e: e, app: app, within: e.cfg.Tokens.LiveWithin}.wrap
}

// guard lets requests through to a handler of the host's, or refuses them.
type guard struct {
	e        *Engine
	app      AppFor
	required bool
	within   time.Duration // how old the store's last word may be; 0: it is asked each time
}

// wrap is the middleware.
func (g guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, app, err := g.identify(r)
		if err != nil {
			g.e.http.failHost(w, r, app, err)
			return
		}
		if id != nil {
			r = r.WithContext(context.WithValue(r.Context(), identityKey{}, id))
		}
		guarded := &guardedWriter{ResponseWriter: w}
		next.ServeHTTP(guarded, r)
		guarded.finishHeader() // a handler that wrote nothing leaves that to the server
	})
}

// identify returns who asks, and of which app. Without an identity and without an error it
// is a stranger, where the guard lets strangers through.
func (g guard) identify(r *http.Request) (*Identity, uuid.UUID, error) {
	scheme, raw, err := httpio.Authorization(r)
	if err != nil {
		return nil, uuid.Nil, malformedAuthorization()
	}
	app, err := g.app(r)
	if err != nil {
		return nil, uuid.Nil, &Error{Code: CodeAppNotFound, Detail: "there is no such app", Err: err}
	}
	if raw != "" {
		if scheme != "bearer" {
			return nil, app, noAccessToken("the Authorization header is not of the scheme Bearer")
		}
		id, err := g.e.live.byToken(r.Context(), app, raw, g.within)
		return id, app, err
	}
	id, err := g.identifyByCookie(r, app)
	if !g.required && (errors.Is(err, CodeUnauthenticated) || errors.Is(err, CodeInvalidToken)) {
		return nil, app, nil
	}
	return id, app, err
}

func noAccessToken(why cause) *Error {
	return refuse(CodeUnauthenticated, "this endpoint wants an access token: Authorization: Bearer …, or the session cookie where the app's session_mode takes it").because(why)
}

func (g guard) identifyByCookie(r *http.Request, id uuid.UUID) (*Identity, error) {
	value, ok := g.e.http.cookies.Get(r, sessionCookie(id))
	if !ok {
		return nil, noAccessToken("the request has neither an Authorization header nor a session cookie")
	}
	app, _, err := g.e.live.apps.recent(r.Context(), id, g.e.now(), g.within)
	if err != nil {
		return nil, err
	}
	if !app.takesCookies() {
		return nil, noAccessToken("the app takes no session cookies")
	}
	if mayWrite(r) && httpio.CrossOrigin(r, g.e.http.origin, func(origin string) bool { return slices.Contains(app.Settings.Origins, origin) }) {
		return nil, refuse(CodeForbidden, "a browser sent this from another origin, with the session cookie of this one")
	}
	by := Client{IP: g.e.http.proxies.Sender(r).Addr, UserAgent: r.UserAgent(), Cookie: true}
	return g.e.live.byCookie(r.Context(), cookieUse{app: app, value: value, by: by, used: r.Method != http.MethodHead}, g.within)
}

// mayWrite reports whether a request may do more than read: by its method, or since it opens
// another protocol, in which a page could say and read anything (cross-site WebSocket
// hijacking, CWE-1385). Browsers put no handshake under CORS.
func mayWrite(r *http.Request) bool {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	return !safe || len(r.Header.Values("Upgrade")) > 0
}

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

// IdentityFrom returns the identity of a request that came through [Engine.Require] or
// [Engine.Optional]; false: the request has none.
func IdentityFrom(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(*Identity)
	if !ok {
		return Identity{}, false
	}
	return *id, true
}

// AppFor names the app of a request to the host's own routes. An error refuses the request with 404
// [CodeAppNotFound]; the text of the error is written to the log only.
type AppFor func(*http.Request) (uuid.UUID, error)

// ForApp names one app for every request.
func ForApp(app uuid.UUID) AppFor {
	return func(*http.Request) (uuid.UUID, error) { return app, nil }
}

// Require passes a request on to the host's handler if it carries an access token of the app
// whose session is alive; [IdentityFrom] returns its identity. Every other request gets 401. The
// token is verified in this process. Config.Tokens.LiveWithin bounds how old the store's last
// answer about the session may be; the answer is 503 when the store cannot say.
//
// Where the app takes session cookies, a session cookie is accepted in place of the header, and its
// identity is that of an access token made now. A cross-origin request of a browser that would be
// let in by a cookie and may do more than read gets 403: one with an unsafe method, and a
// WebSocket handshake. The app's own origins do not count as cross-origin.
//
// An answer that sets a session cookie is no-store, whatever the handler says.
func (e *Engine) Require(app AppFor) func(http.Handler) http.Handler {
	return guard{e: e, app: app, required: true, within: e.cfg.Tokens.LiveWithin}.wrap
}

// RequireLive is [Engine.Require], but asks the store for each request.
func (e *Engine) RequireLive(app AppFor) func(http.Handler) http.Handler {
	return guard{e: e, app: app, required: true}.wrap
}

// RequireRole is [Engine.Require] for the users who have one of the roles: every other user gets 403
// [CodeForbidden]. It goes by [Identity.Roles], and so by the store's word that is no older than
// Config.Tokens.LiveWithin, never by what a token says. Without a role it lets no request pass.
func (e *Engine) RequireRole(app AppFor, roles ...string) func(http.Handler) http.Handler {
	return guard{e: e, app: app, required: true, roles: append([]string{}, roles...), within: e.cfg.Tokens.LiveWithin}.wrap
}

// RequireSecondFactor is [Engine.Require] for sessions that showed a second factor, or a passkey, no
// longer ago than within; zero or less: twelve hours. Every other session gets 403
// [CodeReauthenticationRequired], with the methods that make it fresh ([Engine.StepUpSession]). It goes
// by [Identity.SecondFactorAt], and so by the store's word that is no older than Config.Tokens.LiveWithin;
// it refuses by the store's word of now, so that a factor which was just shown counts. A user without a
// factor sets one up first, which the session at hand has shown then: the methods of such a user have
// neither "totp" nor "passkey".
func (e *Engine) RequireSecondFactor(app AppFor, within time.Duration) func(http.Handler) http.Handler {
	if within <= 0 {
		within = secondFactorFor
	}
	return guard{e: e, app: app, required: true, factor: within, within: e.cfg.Tokens.LiveWithin}.wrap
}

// secondFactorFor is for how long RequireSecondFactor lets a session through by default.
const secondFactorFor = 12 * time.Hour

// Optional is [Engine.Require] for routes that strangers may use too. A request without an
// Authorization header or a session cookie passes without an identity. A wrong header gets 401; a
// wrong cookie counts as no cookie.
func (e *Engine) Optional(app AppFor) func(http.Handler) http.Handler {
	return guard{e: e, app: app, within: e.cfg.Tokens.LiveWithin}.wrap
}

// admitted is what a request that a guard passes on is given: one allocation for both.
type admitted struct {
	w   guardedWriter
	ctx identityContext
}

// identityContext is a context that carries an identity.
type identityContext struct {
	context.Context //nolint:containedctx // it is a context

	id *Identity
}

// Value implements [context.Context].
func (c *identityContext) Value(key any) any {
	if key == (identityKey{}) {
		return c.id
	}
	return c.Context.Value(key)
}

// guard passes requests on to a handler of the host, or refuses them.
type guard struct {
	e        *Engine
	app      AppFor
	required bool
	page     bool          // a person who lacks a session is sent to the sign-in page
	roles    []string      // of which the user needs one; nil: none is needed
	factor   time.Duration // how old the second factor of the session may be; 0: none is needed
	within   time.Duration // how old the store's last answer may be; 0: it is asked for each request
}

// wrap is the middleware.
func (g guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, app, err := g.admit(r)
		if err != nil {
			g.refuse(w, r, app, err)
			return
		}
		let := &admitted{guardedWriter{ResponseWriter: w}, identityContext{r.Context(), id}}
		if id != nil {
			r = r.WithContext(&let.ctx)
		}
		next.ServeHTTP(&let.w, r)
		let.w.finishHeader() // for a handler that wrote nothing
	})
}

// refuse answers a request that is not passed on.
func (g guard) refuse(w http.ResponseWriter, r *http.Request, app uuid.UUID, err error) {
	if to, ok := g.signInURL(r, app, err); ok {
		sendToSignIn(w, to)
		return
	}
	g.e.http.failHost(w, r, app, err)
}

// admit is identify, and refuses a user who has no role that is needed, and a session without the second
// factor that is needed. A person comes back from the step-up at once, so that no answer which is remembered
// refuses a session for want of a second factor.
func (g guard) admit(r *http.Request) (*Identity, uuid.UUID, error) {
	id, app, err := g.identify(r)
	if err == nil && g.factor > 0 && !g.hasShown(id) && g.within > 0 {
		g.within = 0
		id, app, err = g.identify(r)
	}
	switch {
	case err != nil:
	case g.roles != nil && !id.hasAny(g.roles):
		err = refuse(CodeForbidden, "the user has no role that may do this")
	case g.factor > 0 && !g.hasShown(id):
		err = g.wantFactor(r.Context(), id)
	}
	return id, app, err
}

// hasShown reports whether the session has shown a second factor that is not too old.
func (g guard) hasShown(id *Identity) bool {
	age := g.e.now().Sub(id.SecondFactorAt)
	return !id.SecondFactorAt.IsZero() && age < g.factor && age >= -clockLeeway
}

// wantFactor refuses a session that has not shown its second factor, or not lately.
func (g guard) wantFactor(ctx context.Context, id *Identity) error {
	refusal := refuse(CodeReauthenticationRequired, "this requires a second factor")
	var err error
	if refusal.Methods, err = g.e.StepUpMethods(ctx, UserRef{App: id.App, ID: id.User}); err != nil {
		return err
	}
	return refusal
}

// identify returns the identity and the app of a request. The identity and the error are both nil
// for a stranger whom the guard lets pass.
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
	return refuse(CodeUnauthenticated, "this endpoint requires an access token: Authorization: Bearer …, or the session cookie if the app's session_mode allows it").because(why)
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
		return nil, refuse(CodeForbidden, "a browser sent the session cookie with a request from another origin")
	}
	by := Client{IP: g.e.http.proxies.Sender(r).Addr, UserAgent: r.UserAgent(), Cookie: true}
	return g.e.live.byCookie(r.Context(), cookieUse{app: app, value: value, by: by, used: r.Method != http.MethodHead}, g.within)
}

// mayWrite reports whether a request may do more than read: by its method, or because it opens
// another protocol, over which a page could send and read anything (cross-site WebSocket
// hijacking, CWE-1385). Browsers do not apply CORS to such a handshake.
func mayWrite(r *http.Request) bool {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	return !safe || len(r.Header.Values("Upgrade")) > 0
}

package authkit

import (
	"cmp"
	"context"
	"net/http"

	"github.com/google/uuid"
)

// Client describes the browser that sent a request to a page of the host, for a flow in the app.
// The IP is the sender's, by Config.TrustedProxies. It asks for a session in a cookie. A browser
// that has no room for one more session cookie is refused before anything is spent:
// [CodeLimitReached]. The Client is good for that request, and not for several goroutines at once.
func (e *Engine) Client(r *http.Request, app uuid.UUID) Client {
	sender := e.http.proxies.Sender(r)
	others := browser{http: e.http, r: r}.countSessions(sessionCookie(app))
	return Client{IP: cmp.Or(sender.Addr, sender.Key), UserAgent: r.UserAgent(), Languages: languagesOf(r), Cookie: true, checked: &checked{otherSessions: others}}
}

// Browser returns the secret in the binding cookie of the browser, for the field Browser of inputs
// such as [MagicLinkRequest]. If the browser has no such cookie, the answer sets one, and is
// no-store; for HEAD and for a prefetch it sets none, and what is bound to the secret is lost. Call
// it before the header of the answer is written.
//
// The secret ties a flow to the browser that began it. It never leaves the server but in that
// cookie.
func (e *Engine) Browser(w http.ResponseWriter, r *http.Request) []byte {
	b := browser{http: e.http, w: w, r: r}
	secret := b.bind()
	if _, ok := e.http.cookies.Written(w.Header(), bindingCookie); ok {
		w.Header().Set("Cache-Control", "no-store")
	}
	return secret
}

// Device returns the device token of the browser, for the field Device of inputs such as
// [PasswordSignIn]; empty: the browser has none. [Engine.SetSessionCookies] sets it. It is the same
// for all apps of a browser.
func (e *Engine) Device(r *http.Request, _ uuid.UUID) string {
	return browser{http: e.http, r: r}.device()
}

// SetSessionCookies lets the browser hold the session of a sign-in, as the handler does: it sets
// the session cookie and the device token, and gives the browser another binding secret where
// another user signs in. The session that the browser had in this app ends. The answer is
// no-store. Call it before the header of the answer is written, and only for a request by which a
// person signs in: a POST that no page of another site has made ([http.CrossOriginProtection]), or
// the end of a flow that began with one. Otherwise another site could sign its visitors in to an
// account of its own (login CSRF).
//
// [CodeLimitReached]: the browser holds the sessions of 16 other apps, and the session has ended.
// [Engine.Client] has the sign-in itself refused. [CodeInternal], a mistake of the host: the app
// takes no cookies, the sign-in waits for a proof ([SignIn.Pending]), or a refresh token holds the
// session.
func (e *Engine) SetSessionCookies(w http.ResponseWriter, r *http.Request, in SignIn) error {
	if in.Pending != nil {
		return refuse(CodeInternal, "the sign-in has no session yet: it waits for the proof of the address")
	}
	app, err := e.App(r.Context(), in.User.App)
	switch {
	case err != nil:
		return err
	case !app.takesCookies():
		return noCookies(app.ID)
	case in.Cookie == "":
		return refuse(CodeInternal, "the sign-in has no session cookie: describe the browser by Engine.Client, or set Client.Cookie")
	}
	b := browser{http: e.http, w: w, r: r}
	others := b.countSessions(sessionCookie(app.ID))
	change := cookieChange{e: e, browser: b}
	if room := (Client{checked: &checked{otherSessions: others}}).checkCookieRoom(); room != nil {
		b.dropSurplus(others)
		change.endReplaced(context.WithoutCancel(r.Context()), app.ID, in.Cookie)
		return room
	}
	change.signIn(r.Context(), in)
	return nil
}

// ClearSessionCookies signs the browser out of the app, as the handler's sign-out does: it ends the
// session of the browser's cookie, deletes that cookie, and replaces the binding secret. A browser
// without a session is no error. For a sign-out everywhere call [Engine.EndSessions] before. Call
// it before the header of the answer is written, and only for a POST that no page of another site
// has made. [CodeUnavailable]: the store does not answer; the session and the cookies stay.
func (e *Engine) ClearSessionCookies(w http.ResponseWriter, r *http.Request, app uuid.UUID) error {
	b := browser{http: e.http, w: w, r: r}
	if value, ok := b.session(app); ok {
		if err := e.endByCookie(r.Context(), app, value); err != nil {
			return err
		}
	}
	b.unbind()
	b.dropSession(app)
	return nil
}

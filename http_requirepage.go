package authkit

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// RequirePage is [Engine.Require] for pages of the host. A browser that opens a page without a
// live session is sent to the sign-in page of the app (303), and comes back to the very path and
// query after it. Where that path may be no redirect_to, it comes back to "/". Only a person's
// navigation is sent there: a GET of a whole page, not of a frame, a script or an image. Every
// other request is refused as by Require.
//
// [CodeInternal], a mistake of the host: the app takes no session cookies, so that no browser would
// ever come through. [CodeAppNotFound]; [CodeUnavailable]. A host whose requests belong to several
// apps may call it for each request: the app is read from the store once in
// Config.Tokens.LiveWithin.
//
// The sign-in page is on the host of Config.BaseURL, and comes back to a path on that host. The
// path is that of the request as this server got it.
func (e *Engine) RequirePage(ctx context.Context, app uuid.UUID) (func(http.Handler) http.Handler, error) {
	record, _, err := e.live.apps.recent(ctx, app, e.now(), e.cfg.Tokens.LiveWithin)
	if err == nil && !record.takesCookies() { // the host may have changed that just now
		record, err = e.App(ctx, app)
	}
	switch {
	case err != nil:
		return nil, err
	case !record.takesCookies():
		return nil, noCookies(app)
	}
	return guard{e: e, app: ForApp(app), required: true, page: true, within: e.cfg.Tokens.LiveWithin}.wrap, nil
}

// signInURL returns the URL of the sign-in page to which a refused request is sent. ok is false
// for a request that is not sent there: no person opens a page by it, it was refused for another
// reason than the lack of a live session, or the app takes no cookies any more.
func (g guard) signInURL(r *http.Request, id uuid.UUID, refused error) (to string, ok bool) {
	if !g.page || !lacksSession(refused) || !opensPage(r) {
		return "", false
	}
	app, _, err := g.e.live.apps.recent(r.Context(), id, g.e.now(), g.within)
	if err != nil || !app.takesCookies() {
		return "", false
	}
	back := requestedPath(r)
	if g.e.http.ownPath(back) != nil {
		back = "/"
	}
	query := url.Values{"redirect_to": {back}}
	if app.Settings.SessionMode == SessionEither {
		query.Set("session", "cookie")
	}
	return g.e.cfg.url("/auth/sign-in/"+id.String()) + "?" + query.Encode(), true
}

// lacksSession reports whether a new sign-in can help a request that was refused.
// [CodeEmailNotVerified] ends the session.
func lacksSession(refused error) bool {
	return errors.Is(refused, CodeUnauthenticated) || errors.Is(refused, CodeInvalidToken) || errors.Is(refused, CodeEmailNotVerified)
}

// opensPage reports whether a person opens a whole page in a browser. A browser without Fetch
// Metadata is known by its Accept header; the first ones with it sent no Sec-Fetch-Dest. A request
// with an Authorization header is judged by that header alone.
func opensPage(r *http.Request) bool {
	if r.Method != http.MethodGet || len(r.Header.Values("Authorization")) > 0 {
		return false
	}
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	if mode == "" && dest == "" && r.Header.Get("Sec-Fetch-Site") == "" {
		return httpio.PrefersHTML(r)
	}
	return mode == "navigate" && (dest == "document" || dest == "")
}

// requestedPath returns the path and query of a request as they came, also below a prefix that was
// stripped on the way to the handler.
func requestedPath(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI) // a proxy's client sends an absolute URL (RFC 9112, section 3.2.2)
	switch {
	case err != nil: // not of a server
		return r.URL.RequestURI()
	case u.IsAbs():
		return u.RequestURI()
	}
	return r.RequestURI
}

// sendToSignIn answers with a redirect to the sign-in page. No cache may give it to a browser that
// has a session.
func sendToSignIn(w http.ResponseWriter, to string) {
	header := w.Header()
	header.Add("Vary", "Accept, Cookie, Sec-Fetch-Dest, Sec-Fetch-Mode")
	header.Set("Cache-Control", "no-store")
	header.Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

package authkit

import (
	"net/http"
	"strings"
)

// asksForCookie reports whether the request asks for a session in a cookie.
func asksForCookie(r *http.Request) bool { return r.URL.Query().Get("session") == "cookie" }

// cookieMode reports whether a session that begins with this request is held in a cookie.
func (c *call) cookieMode() bool { return c.app.holdsInCookie(c.client) }

// checkSessionChoice refuses an unknown value of the parameter session before anything is done.
// Otherwise the script of the page would get what is meant for a cookie. It runs where the body
// is judged.
func (c *call) checkSessionChoice() error {
	choice := c.r.URL.Query()["session"]
	if !strings.HasPrefix(c.r.URL.Path, "/auth/") || c.app.Settings.SessionMode != SessionEither || len(choice) == 0 || (len(choice) == 1 && (choice[0] == "cookie" || choice[0] == "bearer")) {
		return nil
	}
	return invalid("session", "unknown_value", `session is neither "cookie" nor "bearer"`)
}

// setSignInCookies is [cookieChange.signIn] for the browser of the call.
func (c *call) setSignInCookies(s SignIn) {
	cookieChange{c.e, c.browser, c.request.id}.signIn(c.ctx(), s)
}

// dropCookies replaces the binding secret of the browser and deletes the app's session cookie. A
// request with an Authorization header is about another session, so that its cookie stays.
func (c *call) dropCookies() {
	c.browser.unbind()
	if len(c.r.Header.Values("Authorization")) == 0 {
		c.browser.dropSession(c.app.ID)
	}
}

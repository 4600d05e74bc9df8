package authkit

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/authkit-dev/authkit/internal/device"
)

// asksForCookie reports whether the request asks for a session in a cookie.
func asksForCookie(r *http.Request) bool { return r.URL.Query().Get("session") == "cookie" }

// cookieMode reports whether a session that begins with this request is held in a cookie.
func (c *call) cookieMode() bool { return signInStep{client: c.client}.inCookie(c.app) }

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

// setSignInCookies sets the cookies of a sign-in: the session, the device token and, where
// another user signs in, another binding. The session that the browser had in this app ends.
func (c *call) setSignInCookies(s SignIn) {
	if s.Cookie != "" {
		if old, ok := c.browser.session(c.app.ID); ok && old != s.Cookie {
			c.endReplaced(old)
		}
		c.browser.holdSession(c.app.ID, s)
	}
	lastOn := device.Latest(c.h.http.ring, s.User.App, s.User.Email, c.browser.device(), c.e.now())
	c.setDeviceCookie(s.User)
	c.browser.rebind(s.User, lastOn)
}

// endReplaced ends the session whose cookie is replaced.
func (c *call) endReplaced(old string) {
	if err := c.e.endByCookie(c.ctx(), c.app.ID, old); err != nil {
		c.warn("the replaced session was not ended", err)
	}
}

// setDeviceCookie adds the account to the browser's device token. Without limits the token would
// give the browser nothing.
func (c *call) setDeviceCookie(u User) {
	if c.e.cfg.Limits.InsecureOff {
		return
	}
	c.browser.keepDevice(c.e.IssueDeviceToken(u, c.browser.device()))
}

// warn logs a failure that does not change the answer.
func (c *call) warn(line string, err error) {
	c.h.http.log.WarnContext(c.ctx(), line, slog.String("request_id", c.request.id), slog.Any("error", err))
}

// dropCookies replaces the binding secret of the browser and deletes the app's session cookie.
func (c *call) dropCookies() {
	c.browser.unbind()
	c.browser.dropSession(c.app.ID)
}

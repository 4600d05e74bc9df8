package authkit

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/authkit-dev/authkit/internal/device"
)

// asksForCookie reports whether the request asks for a session that a cookie holds.
func asksForCookie(r *http.Request) bool { return r.URL.Query().Get("session") == "cookie" }

// cookieMode reports whether a session that begins with this request is held by a cookie.
func (c *call) cookieMode() bool { return signInStep{client: c.client}.inCookie(c.app) }

// checkSessionChoice refuses an unknown choice before anything is done: without it, what was to go into
// a cookie would go to the page's script. It is a part of what is in a request, and judged with
// it.
func (c *call) checkSessionChoice() error {
	choice := c.r.URL.Query()["session"]
	if !strings.HasPrefix(c.r.URL.Path, "/auth/") || c.app.Settings.SessionMode != SessionEither || len(choice) == 0 || (len(choice) == 1 && (choice[0] == "cookie" || choice[0] == "bearer")) {
		return nil
	}
	return invalid("session", "unknown_value", `session is neither "cookie" nor "bearer"`)
}

// setSignInCookies gives a sign-in to the browser: the session's cookie, what makes the device known,
// and another binding where another user signs in. The session that the browser had in this
// app ends.
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

// endReplaced ends the session of the cookie that another takes the place of.
func (c *call) endReplaced(old string) {
	if err := c.e.endByCookie(c.ctx(), c.app.ID, old); err != nil {
		c.warn("the session before was not ended", err)
	}
}

// setDeviceCookie makes the browser known to the account. Without it, the browser is a stranger next
// time: no reason to refuse what has been done.
func (c *call) setDeviceCookie(u User) {
	if c.e.cfg.Limits.InsecureOff {
		return
	}
	c.browser.keepDevice(c.e.IssueDeviceToken(u, c.browser.device()))
}

// warn writes a line about what went wrong beside the answer.
func (c *call) warn(line string, err error) {
	c.h.http.log.WarnContext(c.ctx(), line, slog.String("request_id", c.request.id), slog.Any("error", err))
}

// dropCookies gives the browser another binding secret, and has it forget the app's session.
func (c *call) dropCookies() {
	c.browser.unbind()
	c.browser.dropSession(c.app.ID)
}

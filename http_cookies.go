package authkit

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/google/uuid"

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

// cookieChange changes the cookies of a browser in the answer to one request.
type cookieChange struct {
	e       *Engine
	browser browser
	request string // the id of the request in the log; may be empty
}

// signIn sets the cookies of a sign-in: the session, the device token and, where another user
// signs in, another binding. The session that the browser had in this app ends.
func (c cookieChange) signIn(ctx context.Context, s SignIn) {
	app := s.User.App
	if s.Cookie != "" {
		if old, ok := c.browser.session(app); ok && old != s.Cookie {
			c.endReplaced(ctx, app, old)
		}
		c.browser.holdSession(app, s)
	}
	lastOn := device.Latest(c.e.http.ring, app, s.User.Email, c.browser.device(), c.e.now())
	c.setDeviceCookie(s.User)
	c.browser.rebind(s.User, lastOn)
}

// endReplaced ends the session whose cookie is replaced.
func (c cookieChange) endReplaced(ctx context.Context, app uuid.UUID, old string) {
	if err := c.e.endByCookie(ctx, app, old); err != nil {
		c.warn(ctx, "the replaced session was not ended", err)
	}
}

// setDeviceCookie adds the account to the browser's device token. Without limits the token would
// give the browser nothing.
func (c cookieChange) setDeviceCookie(u User) {
	if c.e.cfg.Limits.InsecureOff {
		return
	}
	c.browser.keepDevice(c.e.IssueDeviceToken(u, c.browser.device()))
}

// warn logs a failure that does not change the answer.
func (c cookieChange) warn(ctx context.Context, line string, err error) {
	c.e.http.log.WarnContext(ctx, line, slog.String("request_id", c.request), slog.Any("error", err))
}

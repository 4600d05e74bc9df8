package authkit

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
)

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
	c.setDeviceCookie(s)
	c.browser.rebind(s, lastOn)
}

// endReplaced ends the session whose cookie is replaced.
func (c cookieChange) endReplaced(ctx context.Context, app uuid.UUID, old string) {
	if err := c.e.endByCookie(ctx, app, old); err != nil {
		c.warn(ctx, "the replaced session was not ended", err)
	}
}

// setDeviceCookie adds the account to the browser's device token.
func (c cookieChange) setDeviceCookie(s SignIn) {
	c.browser.keepDevice(c.e.IssueDeviceToken(s, c.browser.device()))
}

// warn logs a failure that does not change the answer.
func (c cookieChange) warn(ctx context.Context, line string, err error) {
	c.e.http.log.WarnContext(ctx, line, slog.String("request_id", c.request), slog.Any("error", err))
}

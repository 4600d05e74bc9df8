package authkit

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/token"
)

// cookieSize is the length of a session cookie's value, of which the store keeps the hash.
const cookieSize = 32

// sessionCookie names the cookie that holds the app's session in a browser.
func sessionCookie(app uuid.UUID) string { return app.String() }

// takesCookies reports whether a session of the app may come by cookie.
func (a App) takesCookies() bool {
	return slices.Contains([]SessionMode{SessionCookie, SessionEither}, a.Settings.SessionMode)
}

// chosen reports whether the request asks for a session that a cookie holds.
func (c *call) chosen() bool { return c.r.URL.Query().Get("session") == "cookie" }

// cookieMode reports whether a session that begins with this request is held by a cookie.
func (c *call) cookieMode() bool { return entry{by: c.client}.inCookie(c.app) }

// checkMode refuses an unknown choice before anything is done: what was to go into a cookie
// would else go to the page's script. It is a part of what is in a request, and judged with
// it.
func (c *call) checkMode() error {
	choice := c.r.URL.Query()["session"]
	if !strings.HasPrefix(c.r.URL.Path, "/auth/") || c.app.Settings.SessionMode != SessionEither || len(choice) == 0 || (len(choice) == 1 && (choice[0] == "cookie" || choice[0] == "bearer")) {
		return nil
	}
	return invalid("session", "unknown_value", `session is neither "cookie" nor "bearer"`)
}

// cookieHash is what the store keeps of a session cookie's value.
func cookieHash(value string) ([]byte, bool) {
	raw, ok := token.Decode(value, cookieSize)
	return token.Hash(raw), ok
}

// handOver gives a sign-in to the browser: the session's cookie, what makes the device known,
// and another binding where another user signs in. The session that the browser had in this
// app ends.
func (c *call) handOver(s SignIn) {
	if s.Cookie != "" {
		if old, ok := c.e.cookies.Get(c.r, sessionCookie(c.app.ID)); ok && old != s.Cookie {
			c.endBefore(old)
		}
		c.e.cookies.Set(c.w, sessionCookie(c.app.ID), s.Cookie, s.CookieAge)
		c.e.cookies.DropFormer(c.r, c.w)
		c.w.Header().Set("Cache-Control", "no-store")
	}
	c.know(s.User)
	c.rebind(s.User)
}

// endBefore ends the session of the cookie that another takes the place of.
func (c *call) endBefore(old string) {
	hash, ok := cookieHash(old)
	if !ok {
		return
	}
	s, u, err := c.e.store.SessionByCookie(c.ctx(), c.app.ID, hash, c.e.now())
	if err == nil {
		err = c.e.EndSession(c.ctx(), SessionRef{App: c.app.ID, User: u.ID, ID: s.ID})
	}
	if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, CodeSessionNotFound) {
		c.e.log.WarnContext(c.ctx(), "the session before was not ended", slog.String("request_id", c.request.id), slog.Any("error", err))
	}
}

// dropSurplus forgets the sessions of a browser that has too many, the latest first. Of sign-ins
// that a browser sends at once, none tells of the others, and all find room.
func (c *call) dropSurplus(others int) {
	if others < maxCookieApps || c.r.Method == http.MethodHead {
		return
	}
	c.e.cookies.DropSurplus(c.r, c.w, maxCookieApps)
}

// deviceCookie makes a browser known to its ten latest accounts, of all apps.
const deviceCookie = "d"

// device is what the browser keeps of earlier sign-ins, or empty.
func (c *call) device() string {
	text, _ := c.e.cookies.Get(c.r, deviceCookie)
	return text
}

// know makes the browser known to the account. Without it, the browser is a stranger next
// time: no reason to refuse what has been done.
func (c *call) know(u User) {
	if c.e.cfg.Limits.InsecureOff {
		return
	}
	text, err := c.e.KnowDevice(u, c.device())
	if err != nil {
		c.e.log.WarnContext(c.ctx(), "a device is not known from now on", slog.String("request_id", c.request.id), slog.Any("error", err))
		return
	}
	c.e.cookies.Set(c.w, deviceCookie, text, device.Age)
}

// dropCookies gives the browser another binding secret, and forgets the app's session in it, if
// it has one. A request with an Authorization header is about another session than the cookie's.
func (c *call) dropCookies() {
	c.unbind()
	if len(c.r.Header.Values("Authorization")) > 0 {
		return
	}
	if _, ok := c.e.cookies.Get(c.r, sessionCookie(c.app.ID)); ok {
		c.e.cookies.Set(c.w, sessionCookie(c.app.ID), "", -time.Second)
	}
}

package authkit

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// The cookies of an app: the access token, and the refresh token beside it.
func accessCookie(app uuid.UUID) string  { return app.String() }
func refreshCookie(app uuid.UUID) string { return "r-" + app.String() }

// takesCookies says whether a session may come by cookie.
func (a App) takesCookies() bool {
	return slices.Contains([]SessionMode{SessionCookie, SessionEither}, a.Settings.SessionMode)
}

// cookieMode says whether this request's sign-in goes into cookies.
func (c *call) cookieMode() bool {
	switch c.app.Settings.SessionMode {
	case SessionCookie:
		return true
	case SessionEither:
		return c.r.URL.Query().Get("session") == "cookie"
	case SessionBearer:
	}
	return false
}

// checkMode refuses a choice that is none before anything is done: what was to go into a
// cookie would else go to the page's script. It is a part of what is in a request, and judged
// with it.
func (c *call) checkMode() error {
	choice := c.r.URL.Query()["session"]
	if !strings.HasPrefix(c.r.URL.Path, "/auth/") || c.app.Settings.SessionMode != SessionEither || len(choice) == 0 || (len(choice) == 1 && (choice[0] == "cookie" || choice[0] == "bearer")) {
		return nil
	}
	return invalid("session", "unknown_value", `session is neither "cookie" nor "bearer"`)
}

func (e *Engine) setCookies(w http.ResponseWriter, app App, s SignIn) {
	_, idle, absolute := e.lifetimes(app)
	e.cookies.Set(w, accessCookie(app.ID), s.Token, s.ExpiresIn)
	e.cookies.Set(w, refreshCookie(app.ID), s.RefreshToken, min(idle, absolute))
	w.Header().Set("Cache-Control", "no-store")
}

// handOverCookies begins a session in this browser and ends the one that it had, unless that
// is the same: a form was pressed twice.
func (c *call) handOverCookies(s SignIn) {
	if old, ok := c.e.cookies.Get(c.r, refreshCookie(c.app.ID)); ok && old != s.RefreshToken {
		err := c.e.SignOut(c.ctx(), c.app.ID, old, false)
		if err != nil && !errors.Is(err, CodeInvalidToken) {
			c.e.log.WarnContext(c.ctx(), "the session before was not ended", slog.String("request_id", c.request.id), slog.Any("error", err))
		}
	}
	c.e.setCookies(c.w, c.app, s)
	c.know(s.User)
}

// deviceCookie makes a browser known to an app. Its name is short, as it comes with every
// request: a part of the app's id that was drawn at random.
func deviceCookie(app uuid.UUID) string { return "d-" + token.Encode(app[8:]) }

// device is what the browser keeps of an earlier sign-in, or empty.
func (c *call) device() string {
	text, _ := c.e.cookies.Get(c.r, deviceCookie(c.app.ID))
	return text
}

// know makes the browser known to the account. Without it, it is a stranger next time: no
// reason to refuse what has been done.
func (c *call) know(u User) {
	if c.e.cfg.Limits.InsecureOff {
		return
	}
	text, err := c.e.KnowDevice(u, c.device())
	if err != nil {
		c.e.log.WarnContext(c.ctx(), "a device is not known from now on", slog.String("request_id", c.request.id), slog.Any("error", err))
		return
	}
	c.e.cookies.Set(c.w, deviceCookie(c.app.ID), text, deviceAge)
}

// dropCookies forgets the app's session in this browser, if it has one. A request with a
// header of its own is about another session.
func (c *call) dropCookies() {
	if len(c.r.Header.Values("Authorization")) > 0 {
		return
	}
	for _, name := range []string{accessCookie(c.app.ID), refreshCookie(c.app.ID)} {
		if _, ok := c.e.cookies.Get(c.r, name); ok {
			c.e.cookies.Set(c.w, name, "", -time.Second)
		}
	}
}

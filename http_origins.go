package authkit

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// origins returns the web origins that may call this path: those of the app on its /auth routes,
// those of the console elsewhere. An app that does not exist has no origins. A store that fails
// is an error, not a refusal of the origin.
func (c *call) origins() ([]string, error) {
	if !strings.HasPrefix(c.r.URL.Path, "/auth/") {
		return c.e.cfg.ConsoleOrigins, nil
	}
	app, err := c.pathApp()
	if errors.Is(err, CodeAppNotFound) {
		return nil, nil
	}
	return app.Settings.Origins, err
}

// detailOtherOrigin is the detail of a cross-origin request that is refused.
const detailOtherOrigin = "a browser sent this from another origin, which is not one of the app's origins"

func (c *call) checkOrigin(rt route) error {
	if rt.anyOrigin {
		c.allowAnyOrigin()
		return nil
	}
	origin := c.r.Header.Get("Origin")
	c.w.Header().Add("Vary", "Origin")
	var allowed bool
	if origin != "" && origin != c.h.http.origin {
		origins, err := c.origins()
		if err != nil {
			return err
		}
		if allowed = slices.Contains(origins, origin); allowed {
			c.allowOrigin(origin)
			c.w.Header().Set("Access-Control-Expose-Headers", exposedHeaders)
		}
	}
	safe := c.r.Method == http.MethodGet || c.r.Method == http.MethodHead
	form := rt.form && httpio.MediaType(c.r) == "application/x-www-form-urlencoded"
	if !safe && !form && httpio.CrossOrigin(c.r, c.h.http.origin, func(string) bool { return allowed }) {
		return refuse(CodeForbidden, detailOtherOrigin)
	}
	return nil
}

// exposedHeaders are the response headers that a page of an allowed origin may read.
const exposedHeaders = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Link, WWW-Authenticate"

// allowAnyOrigin lets a page of any origin read an answer that is public and uses no cookie.
func (c *call) allowAnyOrigin() {
	c.w.Header().Set("Access-Control-Allow-Origin", "*")
	c.w.Header().Set("Access-Control-Expose-Headers", exposedHeaders)
}

// allowOrigin lets a page of the origin read the answer. If the app takes cookies, the page may
// send them: to a browser, the app's page on a sibling host is of another origin.
func (c *call) allowOrigin(origin string) {
	c.w.Header().Set("Access-Control-Allow-Origin", origin)
	if c.app.takesCookies() {
		c.w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
}

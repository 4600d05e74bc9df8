package authkit

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// privateHeaders begin the names that only an app's own server sends.
const privateHeaders = "x-authkit-"

// preflight answers the question that a browser asks before it sends a request of another
// origin's page (Fetch, section 4.8): 204, and the headers that allow it only to an allowed
// origin. Such an origin may send whatever headers it names, since the ones that authkit does
// not know it does not read: tracing libraries add theirs to each request of a page.
func (c *call) preflight(res *resource) error {
	header := c.w.Header()
	header.Add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	origins, err := c.origins()
	if err != nil {
		return err
	}
	open := res.byMethod[http.MethodGet].anyOrigin
	allowed := open || (len(c.r.Header.Values("Origin")) == 1 && slices.Contains(origins, c.r.Header.Get("Origin")))
	headers, asked, ok := httpio.AskedHeaders(c.r, privateHeaders)
	_, known := res.route(c.r.Header.Get("Access-Control-Request-Method"))
	if !allowed || !ok || !known {
		c.logPreflight(res, origins, asked)
	}
	switch {
	case open:
		header.Set("Access-Control-Allow-Origin", "*")
	case allowed:
		c.allowOrigin(c.r.Header.Get("Origin"))
	}
	if allowed {
		header.Set("Access-Control-Allow-Methods", res.allow())
		header.Set("Access-Control-Allow-Headers", cmp.Or(strings.Join(headers, ", "), "Authorization, Content-Type"))
		header.Set("Access-Control-Max-Age", "600")
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// logPreflight logs a preflight that the browser takes for a no. The page learns nothing but
// that its request failed, so that the log is the one place that says why.
func (c *call) logPreflight(res *resource, origins []string, headers string) {
	c.logRefusal(refuse(CodeForbidden, "a preflight asks for what is not allowed"),
		slog.String("origin", clean(strings.Join(c.r.Header.Values("Origin"), ", "), 256)),
		slog.String("method", clean(c.r.Header.Get("Access-Control-Request-Method"), 32)),
		slog.String("headers", clean(headers, 512)),
		slog.String("allowed_origins", clean(strings.Join(origins, " "), 1024)),
		slog.String("allowed_methods", res.allow()),
		slog.String("allowed_headers", "at most 64 names, 2 KiB, not *, none that begins with "+privateHeaders),
	)
}

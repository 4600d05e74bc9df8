package authkit

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// privateHeaders is the prefix of the headers that only the server of an app sends.
const privateHeaders = "x-authkit-"

// preflight answers the request that a browser sends before a cross-origin one (Fetch, section
// 4.8). The status is always 204; only an allowed origin gets the headers that allow the request.
// Such an origin may name any headers, since authkit does not read those that it does not know:
// tracing libraries add theirs to each request of a page.
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

// logPreflight logs a preflight that the browser takes for a refusal. The page only learns that
// its request failed, so that the reason is found in the log alone.
func (c *call) logPreflight(res *resource, origins []string, headers string) {
	c.logRefusal(refuse(CodeForbidden, "a preflight asks for what is not allowed"),
		slog.String("origin", clean(strings.Join(c.r.Header.Values("Origin"), ", "), 256)),
		slog.String("method", clean(c.r.Header.Get("Access-Control-Request-Method"), 32)),
		slog.String("headers", clean(headers, 512)),
		slog.String("allowed_origins", clean(strings.Join(origins, " "), 1024)),
		slog.String("allowed_methods", res.allow()),
		slog.String("allowed_headers", "at most 64 names, 2 KiB, not *, and no name that begins with "+privateHeaders),
	)
}

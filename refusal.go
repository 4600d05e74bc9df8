package authkit

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// asked is the request that a line of the log is about.
type asked struct {
	r   *http.Request
	id  string    // of the request
	app uuid.UUID // the zero id: none that the request names
}

// maxCause bounds the part of a line that a request or a provider has a say in.
const maxCause = 512

// refused writes the line of an answer that refuses. Each answer has one: [call.fail]
// writes it, and so does a page or a redirect that tells of a refusal.
func (c *call) refused(err error) {
	c.e.logRefusal(asked{r: c.r, id: c.request.id, app: c.names()}, err)
}

// names is the app that the request names, whether or not there is such an app.
func (c *call) names() uuid.UUID {
	if c.app.ID != uuid.Nil {
		return c.app.ID
	}
	id, _ := httpio.CanonicalUUID(c.r.PathValue("app_id"))
	return id
}

// logRefusal writes one line: at Info what a client or a provider is refused, at Error a
// fault of the server's side. It is the only place that tells which check failed, since the
// answer does not (OWASP ASVS 5.0, 16.3).
func (e *Engine) logRefusal(of asked, err error) {
	refusal, ctx := asError(err), of.r.Context()
	if refusal.Code.Status() >= http.StatusInternalServerError {
		e.log.LogAttrs(ctx, slog.LevelError, "request failed", append(of.attrs(refusal.Code), slog.Any("error", err))...)
		return
	}
	e.log.LogAttrs(ctx, slog.LevelInfo, "refused", append(of.attrs(refusal.Code), slog.String("cause", causeOf(refusal)))...)
}

// attrs name the request and the code that it is answered with.
func (of asked) attrs(code Code) []slog.Attr {
	attrs := []slog.Attr{slog.String("request_id", of.id), slog.String("code", string(code)), slog.String("route", routeOf(of.r))}
	if of.app != uuid.Nil {
		attrs = append(attrs, slog.String("app", of.app.String()))
	}
	if inbound := clean(of.r.Header.Get("X-Request-Id"), 128); inbound != "" {
		attrs = append(attrs, slog.String("inbound_request_id", inbound))
	}
	return attrs
}

// routeOf is the method and the pattern that the request matched. A path that matches
// nothing is left out: it is text of a stranger's choosing, and may hold a token.
func routeOf(r *http.Request) string {
	_, path, found := strings.Cut(r.Pattern, " ")
	if !found {
		path = r.Pattern
	}
	return clean(r.Method, 32) + " " + cmp.Or(path, "(none)")
}

// causeOf says which check refused. A request or a provider may have put text into it.
func causeOf(refusal *Error) string {
	text := refusal.Detail
	if refusal.Err != nil {
		text = refusal.Err.Error()
	}
	return clean(text, maxCause)
}

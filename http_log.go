package authkit

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// loggedRequest is the request that a line of the log is about.
type loggedRequest struct {
	r   *http.Request
	id  string    // of the request
	app uuid.UUID // the zero id: none that the request names

	more []slog.Attr // what a line of this kind says besides
}

// maxCause bounds the part of a line that a request or a provider has a say in.
const maxCause = 512

// logRefusal writes the line of an answer that refuses. Each answer has one: [call.fail]
// writes it, and so does a page or a redirect that tells of a refusal, or a preflight that a
// browser takes for one. What else the line is to say goes with it.
func (c *call) logRefusal(err error, more ...slog.Attr) {
	c.h.http.logRefusal(loggedRequest{r: c.r, id: c.request.id, app: c.appID(), more: more}, err)
}

// appID is the app that the request names, whether or not there is such an app.
func (c *call) appID() uuid.UUID {
	if c.app.ID != uuid.Nil {
		return c.app.ID
	}
	id, err := c.pathID() // by its alias, too
	if err != nil {
		return uuid.Nil
	}
	return id
}

// logRefusal writes one line: at Info what a client or a provider is refused, at Error a
// fault of the server's side. It is the only place that tells which check failed, since the
// answer does not (OWASP ASVS 5.0, 16.3).
func (b *border) logRefusal(of loggedRequest, err error) {
	refusal, attrs := refusalOf(err), of.attrs(refusalOf(err).Code)
	switch {
	case refusal.Code.Status() < http.StatusInternalServerError:
		attrs = append(attrs, slog.String("cause", causeOf(refusal)))
	case of.clientGone(refusal):
		attrs = append(attrs, slog.String("cause", "the client broke off: "+causeOf(refusal)))
	default:
		if leftOut, loud := b.logsAtError(refusal.Code); loud {
			attrs = append(attrs, slog.Any("error", err))
			if leftOut > 0 {
				attrs = append(attrs, slog.Int("left_out", leftOut))
			}
			b.log.LogAttrs(of.r.Context(), slog.LevelError, "request failed", attrs...)
			return
		}
		attrs = append(attrs, slog.String("cause", causeOf(refusal)))
	}
	b.log.LogAttrs(of.r.Context(), slog.LevelInfo, "refused", attrs...)
}

// clientGone reports whether the client ended the request before its answer, and what failed
// then is no sign of a fault: net/http ends the context of a request whose connection is
// gone, and whatever waits for the store or a provider fails with it.
func (of loggedRequest) clientGone(refusal *Error) bool {
	gone := errors.Is(of.r.Context().Err(), context.Canceled)
	return gone && (refusal.Code != CodeInternal || errors.Is(refusal.Err, context.Canceled)) || errors.Is(refusal.Err, httpio.ErrUnsent)
}

// logsAtError reports whether a fault is an Error line. A store that is down fails every request in
// the same way: after the first few in a minute the rest are lines at Info.
func (b *border) logsAtError(code Code) (leftOut int, ok bool) {
	if code != CodeUnavailable {
		return 0, true
	}
	return b.thin.Take("request failed " + string(code))
}

// attrs name the request and the code that it is answered with.
func (of loggedRequest) attrs(code Code) []slog.Attr {
	attrs := []slog.Attr{slog.String("request_id", of.id), slog.String("code", string(code)), slog.String("route", routeOf(of.r))}
	if of.app != uuid.Nil {
		attrs = append(attrs, slog.String("app", of.app.String()))
	}
	if inbound := clean(of.r.Header.Get("X-Request-ID"), 128); inbound != "" {
		attrs = append(attrs, slog.String("inbound_request_id", inbound))
	}
	return append(attrs, of.more...)
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

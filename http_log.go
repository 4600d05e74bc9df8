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

// loggedRequest is the request that a log line is about.
type loggedRequest struct {
	r   *http.Request
	id  string    // of the request
	app uuid.UUID // zero: the request names no app

	more []slog.Attr // further attributes of the line
}

// maxCause bounds the part of a line whose text a request or a provider may choose.
const maxCause = 512

// logRefusal logs a refusal, with further attributes. Each refusal has one line: [call.fail]
// writes it, and so does a page or a redirect that reports a refusal, or a preflight that a
// browser takes for one. It is an event, too.
func (c *call) logRefusal(err error, more ...slog.Attr) {
	c.e.hooks.stats.refused(c.foundApp(), refusalOf(err).Code)
	c.explain(refusalOf(err))
	c.auditRefusal(refusalOf(err))
	c.h.http.logRefusal(loggedRequest{r: c.r, id: c.request.id, app: c.appID(), more: more}, err)
}

// foundApp returns the id of the app that the checks of the request have found to exist; zero: they
// have found none.
func (c *call) foundApp() uuid.UUID { return cmp.Or(c.app.ID, c.key.App) }

// appID returns the id of the app that the request names, by its alias too. It does not check
// that the app exists.
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

// logRefusal writes one line: at Info for a refusal of a client or a provider, at Error for a
// fault of the server. The answer does not say which check failed; only this line does (OWASP
// ASVS 5.0, 16.3).
func (b *border) logRefusal(of loggedRequest, err error) {
	refusal, attrs := refusalOf(err), of.attrs(refusalOf(err).Code)
	b.meter.refused(refusal)
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

// clientGone reports whether the client ended the request before its answer, so that the failure
// is no sign of a fault. net/http ends the context of a request whose connection is closed, and
// every wait for the store or a provider then fails.
func (of loggedRequest) clientGone(refusal *Error) bool {
	gone := errors.Is(of.r.Context().Err(), context.Canceled)
	return gone && (refusal.Code != CodeInternal || errors.Is(refusal.Err, context.Canceled)) || errors.Is(refusal.Err, httpio.ErrUnsent)
}

// logsAtError reports whether a fault is logged at Error. A store that is down fails every
// request in the same way, so that only the first few lines of a minute are; the rest are at
// Info.
func (b *border) logsAtError(code Code) (leftOut int, ok bool) {
	if code != CodeUnavailable {
		return 0, true
	}
	return b.thin.Take("request failed " + string(code))
}

// attrs are the attributes that name the request and the code of its answer.
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

// routeOf returns the method and the pattern that the request matched. A path that matched no
// pattern is left out: a stranger chose its text, and it may hold a token.
func routeOf(r *http.Request) string {
	_, path, found := strings.Cut(r.Pattern, " ")
	if !found {
		path = r.Pattern
	}
	return clean(r.Method, 32) + " " + cmp.Or(path, "(none)")
}

// causeOf says which check refused. Its text may come from a request or a provider, so that it is
// cleaned.
func causeOf(refusal *Error) string {
	text := refusal.Detail
	if refusal.Err != nil {
		text = refusal.Err.Error()
	}
	return clean(text, maxCause)
}

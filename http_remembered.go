package authkit

import (
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/google/uuid"
)

// readApp reads the app of a request. Where the route allows it, the app is taken as this process
// last read it. That record is proved by the request's first call of the store (see guarded), or
// before the request is refused.
func (h *handler) readApp(c *call, id uuid.UUID) (App, error) {
	if !c.remembers {
		return h.e.App(c.ctx(), id)
	}
	app, remembered, err := h.e.live.apps.known(c.ctx(), id)
	if remembered {
		c.request.remember(app)
	}
	return app, err
}

// decide checks and serves a request. If it began with a remembered app that has changed since,
// nothing was done and nothing was answered: it is decided once more, by the app as it is now.
func (h *handler) decide(c *call, rt route, bodyErr error) error {
	if !rt.remembers {
		return h.checkAndServe(c, rt, bodyErr)
	}
	c.remembers = true
	by, header := c.client, c.w.Header().Clone()
	err := h.proved(c, h.checkAndServe(c, rt, bodyErr))
	if errors.Is(err, CodeUnavailable) { // a flow may have set a cookie before it asked the store
		setValues(c.w.Header(), "Set-Cookie", header["Set-Cookie"])
	}
	if !errors.Is(err, ErrAppChanged) {
		return err
	}
	c.remembers, c.client, c.findings = false, by, findings{}
	c.request.begin(by)
	clear(c.w.Header())
	maps.Copy(c.w.Header(), header)
	return h.checkAndServe(c, rt, bodyErr)
}

// proved confirms the app by which a request was refused, unless a call of the store has proved it.
// [ErrAppChanged]: the app has changed, perhaps in what the refusal was decided by.
func (h *handler) proved(c *call, refusal error) error {
	if refusal == nil || errors.Is(refusal, ErrAppChanged) {
		return refusal
	}
	switch err := h.e.store.confirm(c.ctx()); {
	case errors.Is(err, ErrAppChanged):
		return err
	case err != nil:
		return unavailable(fmt.Errorf("read the app of a refused request: %w", err))
	}
	return refusal
}

// setValues gives a header the values that it had before; none: it is not set.
func setValues(header http.Header, name string, values []string) {
	header.Del(name)
	if len(values) > 0 {
		header[name] = values
	}
}

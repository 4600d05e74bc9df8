package authkit

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// chargeLimits charges the limit of the route for the peer and the limit of writes for the user
// or developer, and sets the header with the policy of the first. No header says how much is
// left, since no store reports it. No other limit is shown: it would reveal what others ask about
// an address. Where the flow charges limits too, these are deferred to it.
func (c *call) chargeLimits(rt route) error {
	if c.e.limits.off {
		return nil
	}
	var counts []count
	by := c.limitOf(rt)
	if rate, ok := by.limit.rate(c.e.limits.all.forApp(c.app)); ok {
		policy{by.limit.name, rate}.setPolicyHeader(c.w.Header())
		counts = c.e.limits.peerCounts(by.limit, c.client)
	}
	counts = append(counts, c.writeCounts()...)
	switch {
	case len(counts) == 0:
		return nil
	case by.deferLimit:
		c.client.checked.deferred = counts
		return nil
	}
	return c.e.limits.hit(c.ctx(), c.limitApp(), counts...)
}

// limitOf returns the limit of the route or, for the form of a page, of the step that the form names.
func (c *call) limitOf(rt route) stepLimit {
	if len(rt.steps) == 0 {
		return stepLimit{limit: rt.limit, deferLimit: rt.deferLimit}
	}
	form, err := httpio.FormParams(c.r, "do")
	if err != nil {
		form = nil // the form itself is refused later
	}
	for _, one := range rt.steps {
		if one.step == form.Get("do") || one.step == "" {
			return one
		}
	}
	return stepLimit{}
}

// limitApp is the app in which the limits are charged.
func (c *call) limitApp() App {
	if c.app.ID == uuid.Nil {
		return App{ID: Console} // a route of developers that names no app
	}
	return c.app
}

// writeCounts are the counts of a write, for the user or developer who asks for it: each write
// leaves rows and events. A write of a user counts for the peer in all apps as well, since one
// peer can have any number of accounts. A write of an app's own server, by API key, is not
// counted.
func (c *call) writeCounts() []count {
	switch {
	case c.r.Method == http.MethodGet || c.r.Method == http.MethodHead:
		return nil
	case c.developer != "":
		mine := c.e.limits.countFor(limitDeveloper, c.e.cfg.developerOf(c.developer))
		mine.everywhere, mine.asker = true, true
		return []count{mine}
	case c.user.ID != uuid.Nil:
		mine := c.e.limits.countFor(limitUser, c.user.ID.String())
		mine.asker = true
		return append(c.e.limits.allAppsCounts(limitUser, c.client), mine)
	}
	return nil
}

// chargeDeferred charges the limits that were deferred to the flow, where the flow refused before
// it charged them. A caller whose limit is exhausted gets that answer instead of the flow's.
func (c *call) chargeDeferred(err error) error {
	if err == nil {
		return nil
	}
	if full := c.e.limits.hit(c.ctx(), c.app, c.client.withDeferred(nil)...); full != nil {
		return full
	}
	return err
}

package authkit

import (
	"net/http"

	"github.com/google/uuid"
)

// chargeLimits counts for the peer and for who writes, and tells the peer the limit. How much of it
// is left no store says; of any other limit nothing is told: it would tell what others ask
// about an address.
func (c *call) chargeLimits(rt route) error {
	if c.e.limits.off {
		return nil
	}
	var counts []count
	if rate, ok := rt.limit.rate(c.e.limits.all.forApp(c.app)); ok {
		policy{rt.limit.name, rate}.setPolicyHeader(c.w.Header())
		counts = c.e.limits.peerCounts(rt.limit, c.client)
	}
	counts = append(counts, c.writeCounts()...)
	switch {
	case len(counts) == 0:
		return nil
	case rt.deferLimit:
		c.client.checked.deferred = counts
		return nil
	}
	return c.e.limits.hit(c.ctx(), c.limitApp(), counts...)
}

// limitApp is the app in whose step the door counts.
func (c *call) limitApp() App {
	if c.app.ID == uuid.Nil {
		return App{ID: Console} // a route of developers that names no app
	}
	return c.app
}

// writeCounts counts a write for the user or the developer who asks for it: each makes rows and
// events, which stay. A user's counts for the peer, too, over all apps: one can have as many
// accounts as it likes. An app's own server, by API key, is not counted.
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

// chargeDeferred makes the count that a flow has refused without: what is wrong with a request is
// told to none whose limit is full.
func (c *call) chargeDeferred(err error) error {
	if err == nil {
		return nil
	}
	if full := c.e.limits.hit(c.ctx(), c.app, c.client.withDeferred(nil)...); full != nil {
		return full
	}
	return err
}

package authkit

import (
	"context"

	"github.com/google/uuid"
)

// count counts for the peer, and tells it the limit. How much of it is left no store says;
// of any other limit nothing is told: it would tell what others ask about an address.
func (c *call) count(rt route) error {
	rate, ok := rt.limit.rate(c.e.limits.of(c.app))
	if !ok || c.e.cfg.Limits.InsecureOff {
		return nil
	}
	policy{rt.limit.name, rate}.tell(c.w.Header())
	counts := c.e.byPeer(rt.limit, c.client.IP)
	if !rt.together {
		return c.e.hit(c.ctx(), c.app.ID, counts...)
	}
	c.request.owe(counts)
	return nil
}

// settled makes the count that a flow has refused without: what is wrong with a request is
// told to nobody whose limit is full.
func (c *call) settled(err error) error {
	if err == nil || !c.request.owes() {
		return err
	}
	if full := c.e.hit(c.ctx(), c.app.ID); full != nil {
		return full
	}
	return err
}

// withOwed puts before the counts the peer's, which the door leaves to the flow: there it is
// one step with that of the email address, before which a flow of this kind does nothing but
// read its request. That is a round trip less.
func withOwed(ctx context.Context, app uuid.UUID, counts []count) []count {
	return append(requestFrom(ctx).pay(app), counts...)
}

package authkit

import (
	"log/slog"
	"sync"
	"time"
)

// maxWarned bounds how many peers are warned of in a minute. A flood from many must not
// become one of warnings.
const maxWarned = 64

// warnOfForwarding tells of a forwarding header that did not count.
func (c *call) warnOfForwarding(peer string) {
	now := c.e.now()
	if !c.e.warned.first(limitKey{c.app.ID, peer}, now) {
		return
	}
	c.e.log.WarnContext(c.ctx(), "a forwarding header from an untrusted peer is ignored; if it is your proxy, add it to Config.TrustedProxies",
		slog.String("peer", c.client.IP), slog.String("app", c.app.ID.String()), slog.String("request_id", c.request.id))
	if c.e.cfg.Observer != nil {
		c.e.cfg.Observer(Event{
			App: c.app.ID, Time: now, Type: EventForwardedHeader, IP: c.client.IP,
			Result: "warning", Reason: "untrusted_peer", RequestID: c.request.id,
		})
	}
}

// seldom says of each thing that it is the first in a while, of a bounded number of things.
type seldom struct {
	mu    sync.Mutex
	while time.Duration
	most  int
	at    map[limitKey]time.Time
}

func newSeldom(while time.Duration, most int) *seldom {
	return &seldom{while: while, most: most, at: map[limitKey]time.Time{}}
}

// first is true once a while for a thing, and for no more than most of them.
func (s *seldom) first(k limitKey, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.at[k]; ok && s.recent(at, now) {
		return false
	}
	if len(s.at) >= s.most {
		for other, at := range s.at {
			if !s.recent(at, now) {
				delete(s.at, other)
			}
		}
	}
	if _, known := s.at[k]; !known && len(s.at) >= s.most {
		return false
	}
	s.at[k] = now
	return true
}

// recent is false, too, if the clock was set back.
func (s *seldom) recent(at, now time.Time) bool { return !now.Before(at) && now.Sub(at) < s.while }

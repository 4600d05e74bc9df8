package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/ratelimit"
	"github.com/authkit-dev/authkit/internal/token"
)

// limit is a limit that is counted by: so many at once, then one every window/most. The
// zero most is what the configuration and the app say.
type limit struct {
	name   string
	most   int
	window time.Duration
}

// The limits of every app.
var (
	limitCredentialsPeer   = limit{name: "credentials/ip"}
	limitCredentialsEmail  = limit{name: "credentials/email"}
	limitCredentialsDevice = limit{name: "credentials/device"} // by email, of one device that is known
	limitSignupPeer        = limit{name: "signup/ip"}
	limitMailPeer          = limit{name: "mail/ip"}
	limitMailEmail         = limit{name: "mail/email"}
	limitMailKnown         = limit{name: "mail/known"} // by email, of devices that signed in to the account before
	limitMailOwner         = limit{name: "mail/owner"} // by email, of whoever is in the account now
	limitOAuthPeer         = limit{name: "oauth/ip"}
	limitCallbackPeer      = limit{name: "oauth-callback/ip"}             // as many as starts, and none of theirs
	limitCodeEmail         = limit{"code/email", 20, 20 * 24 * time.Hour} // a key lives one day
)

// rate is how much the limit is in an app; false: it is none.
func (l limit) rate(of limits) (r ratelimit.Rate, ok bool) {
	switch l {
	case limitCredentialsPeer:
		r, ok = of.credentials.Of(ratelimit.IP)
	case limitCredentialsEmail, limitCredentialsDevice:
		r, ok = of.credentials.Of(ratelimit.Email)
	case limitSignupPeer:
		r, ok = of.signUp.Of(ratelimit.IP)
	case limitMailPeer:
		r, ok = of.mail.Of(ratelimit.IP)
	case limitMailEmail, limitMailKnown, limitMailOwner:
		r, ok = of.mail.Of(ratelimit.Email)
	case limitOAuthPeer, limitCallbackPeer:
		r, ok = of.oauth.Of(ratelimit.IP)
	default:
		return ratelimit.Rate{N: l.most, Per: l.window}, l.most > 0
	}
	return r, ok
}

// count is one count against a limit, for one subject. A Cost of 0 counts 1; a negative one
// gives back.
type count struct {
	limit limit
	key   string
	Cost  int
}

// by counts the limit for one subject. Subjects are hashed with a key, so that a store
// that leaks tells no addresses.
func (e *Engine) by(l limit, subject string) count {
	mac := e.ring.MAC("limit", []byte(l.name), []byte(subject))
	return count{limit: l, key: l.name + "/" + token.Encode(mac[:16])}
}

// byPeer counts for an address; a Go caller who tells none is not counted.
func (e *Engine) byPeer(l limit, ip string) []count {
	if ip == "" {
		return nil
	}
	return []count{e.by(l, httpio.PeerKey(ip))}
}

// hit counts, and refuses with [CodeRateLimited] when a limit is full: what stands before it
// is counted, it is not. So refusals put nothing off, and whoever waits gets through: a
// stranger to an address finds ever less room, down to one try every Window/Limit, and is
// never locked out by what others had refused.
func (e *Engine) hit(ctx context.Context, app uuid.UUID, counts ...count) error {
	counts = withOwed(ctx, app, counts)
	if e.cfg.Limits.InsecureOff || len(counts) == 0 {
		return nil
	}
	of, err := e.limitsOf(ctx, app)
	if err != nil {
		return err
	}
	counts, hits := of.hits(counts)
	now := e.now()
	known, wait := e.knownFull(app, hits, now)
	if known > 0 {
		got, err := e.store.Hit(ctx, app, hits[:known], now)
		switch {
		case err != nil:
			return hitError(err, app)
		case got.Full >= 0:
			e.noteFull(app, counts[got.Full], hits[got.Full], now, got.RetryAfter)
			return limited(counts[got.Full], hits[got.Full], got.RetryAfter)
		}
	}
	if known < len(hits) {
		return limited(counts[known], hits[known], wait)
	}
	return nil
}

func hitError(err error, app uuid.UUID) error {
	if errors.Is(err, ErrNotFound) {
		return unknownApp("the app was deleted beside the request")
	}
	return unavailable(fmt.Errorf("count a limit of app %s: %w", app, err))
}

// limitsOf are the limits of an app. Whoever counts has read the app just before, so that
// what is remembered of it is no older. The console app has none of its own, and counts mail
// also where it is off.
func (e *Engine) limitsOf(ctx context.Context, id uuid.UUID) (limits, error) {
	if id == Console {
		return e.limits, nil
	}
	if app, ok := appFrom(ctx, id); ok {
		return e.limits.of(app), nil
	}
	if known, ok := e.apps.get(id); ok {
		return e.limits.of(known.value), nil
	}
	app, err := e.App(ctx, id)
	return e.limits.of(app), err
}

// hits are the counts of what is limited, and what the store is asked for each.
func (l limits) hits(counts []count) (limited []count, hits []Hit) {
	for _, c := range counts {
		if r, ok := c.limit.rate(l); ok {
			limited = append(limited, c)
			hits = append(hits, Hit{Key: c.key, Limit: r.N, Window: r.Per, Cost: c.Cost})
		}
	}
	return limited, hits
}

func limited(by count, h Hit, wait time.Duration) *Error {
	return &Error{
		Code: CodeRateLimited, Detail: "too many requests; wait and try again",
		RetryAfter: max(wait, time.Second), full: policy{by.limit.name, ratelimit.Rate{N: h.Limit, Per: h.Window}},
	}
}

package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/ratetext"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// limit lets through most at once, then one every window/most. Where most is zero, the
// configuration and the app say how much.
type limit struct {
	name   string
	most   int
	window time.Duration
}

// The limits that every app has.
var (
	limitCredentialsPeer   = limit{name: "credentials/ip"}
	limitCredentialsEmail  = limit{name: "credentials/email"}
	limitCredentialsDay    = limit{"credentials/day", 100, day} // by email, of strangers
	limitCredentialsDevice = limit{name: "credentials/device"}  // by email, of one device that is known
	limitProofPeer         = limit{name: "proof/ip"}            // as many as tries at passwords, counted apart from them
	limitSignupPeer        = limit{name: "signup/ip"}
	limitMailPeer          = limit{name: "mail/ip"}
	limitMailEmail         = limit{name: "mail/email"}  // by email, of strangers
	limitMailDevice        = limit{name: "mail/device"} // by email, of one device that is known
	limitMailKnown         = limit{name: "mail/known"}  // by email, of all such devices together
	limitMailOwner         = limit{name: "mail/owner"}  // by email, of the session of an account that proved it
	limitOAuthPeer         = limit{name: "oauth/ip"}
	limitCallbackPeer      = limit{name: "oauth-callback/ip"}              // as many as starts, counted apart from them
	limitCodeEmail         = limit{"code/email", 20, 20 * 24 * time.Hour}  // a key lives one day
	limitFactorMail        = limit{"factor/mail", 20, 20 * 24 * time.Hour} // of codes that are mailed before an enrolment
	limitUser              = limit{name: "writes/user"}
	limitDeveloper         = limit{name: "writes/developer"}
)

// limitAppsToday is the name of the limit on the apps that one developer makes.
const limitAppsToday = "apps/day"

// rate is the rate of the limit in an app; false: the app is not limited.
func (l limit) rate(of limits) (r ratetext.Rate, ok bool) {
	switch l {
	case limitCredentialsPeer, limitProofPeer:
		r, ok = of.credentials.Of(ratetext.IP)
	case limitCredentialsEmail, limitCredentialsDevice:
		r, ok = of.credentials.Of(ratetext.Email)
	case limitCredentialsDay:
		_, ok = of.credentials.Of(ratetext.Email)
		r = ratetext.Rate{N: l.most, Per: l.window}
	case limitSignupPeer:
		r, ok = of.signUp.Of(ratetext.IP)
	case limitMailPeer:
		r, ok = of.mail.Of(ratetext.IP)
	case limitMailEmail, limitMailDevice, limitMailKnown, limitMailOwner:
		r, ok = of.mail.Of(ratetext.Email)
	case limitOAuthPeer, limitCallbackPeer:
		r, ok = of.oauth.Of(ratetext.IP)
	case limitUser:
		r, ok = of.user, of.user.N > 0
	case limitDeveloper:
		r, ok = of.developer, of.developer.N > 0
	default:
		return ratetext.Rate{N: l.most, Per: l.window}, l.most > 0
	}
	return r, ok
}

// secret reports whether neither an answer nor its time may show that the limit is exhausted.
// This holds for the limits of mail to an address.
func (l limit) secret() bool {
	return l == limitMailEmail || l == limitMailDevice || l == limitMailKnown || l == limitMailOwner
}

// refundable reports whether a charge may be refunded, so that an exhausted limit may have room
// before its time.
func (l limit) refundable() bool {
	return l == limitCodeEmail || l == limitFactorMail || l.name == limitAppsToday || l.name == limitMailDeveloper ||
		slices.Contains([]limit{limitMailAll, limitMailAgain, limitMailFirst, limitMailAsker, limitNotices, limitMoreNotices}, l)
}

// count is one charge to a limit, for one subject.
type count struct {
	limit  limit
	scope  string // of the limit: a wider network, all apps; empty: one subject in one app
	key    string
	factor int // multiplies the rate of the limit; 0 means 1
	more   int // lets through as many more at once; the time that each takes stays

	everywhere bool // over all apps, by the rate of an app that has tightened nothing
	asker      bool // the subject is who asks, not whom it is about
}

func (c count) name() string { return c.limit.name + c.scope }

// rate returns the rate of the count.
func (c count) rate(of, all limits) (ratetext.Rate, bool) {
	if c.everywhere {
		of = all
	}
	r, ok := c.limit.rate(of)
	r.N *= max(c.factor, 1)
	if c.more > 0 && r.N > 0 {
		r.Per += r.Per / time.Duration(r.N) * time.Duration(c.more)
		r.N += c.more
	}
	return r, ok
}

// limiter charges limits in a store, refuses what exceeds them, and remembers for a while which
// are exhausted. It is safe for concurrent use.
type limiter struct {
	store LimitStore
	ring  *seal.Ring
	now   func() time.Time
	all   limits // of an app that has tightened nothing
	off   bool

	exhausted *bounded.Cache[limitKey, exhausted]
}

func newLimiter(c LimitConfig, store LimitStore, ring *seal.Ring, now func() time.Time) *limiter {
	return &limiter{
		store: store, ring: ring, now: now, all: c.parsed(), off: c.InsecureOff,
		exhausted: bounded.NewCache[limitKey, exhausted](maxExhausted),
	}
}

// countFor returns the count of a limit for one subject. Subjects are hashed with a key, so that
// a leaked store reveals no addresses.
func (l *limiter) countFor(of limit, subject string) count { return l.scopedCount("", of, subject) }

// scopedCount is countFor for a limit in a wider scope.
func (l *limiter) scopedCount(scope string, of limit, subject string) count {
	c := count{limit: of, scope: scope}
	mac := l.ring.MAC("limit", []byte(c.name()), []byte(subject))
	c.key = c.name() + "/" + token.Encode(mac[:16])
	return c
}

// hit charges the limits of an app in order and stops at the first exhausted one, which it does
// not charge: [CodeRateLimited]. Refused attempts never lengthen the wait, so that a stranger to
// an address gets one try every Window/Limit, whatever others were refused.
//
// The app is a record that was read for this request, or only its ID where every limit is one
// that an app cannot tighten.
func (l *limiter) hit(ctx context.Context, app App, counts ...count) error {
	if l.off || len(counts) == 0 {
		return nil
	}
	counts, hits := l.hits(l.all.forApp(app), counts)
	now := l.now()
	known, wait := l.knownExhausted(app.ID, hits, now)
	if known < len(hits) && counts[known].asker {
		return limited(counts[known], hits[known], wait) // a flood costs the store nothing
	}
	if known > 0 {
		got, err := l.store.Hit(ctx, Hits{App: app.ID, Each: hits[:known]}, now)
		switch {
		case err != nil:
			return hitError(err, app.ID)
		case got.Full >= 0:
			l.noteExhausted(app.ID, counts[got.Full], hits[got.Full], now, got.RetryAfter)
			return limited(counts[got.Full], hits[got.Full], got.RetryAfter)
		}
	}
	if known < len(hits) {
		return limited(counts[known], hits[known], wait)
	}
	return nil
}

// refund gives back what hit charged. It never fails because a limit is exhausted.
func (l *limiter) refund(ctx context.Context, app App, counts ...count) error {
	if l.off {
		return nil
	}
	_, hits := l.hits(l.all.forApp(app), counts)
	if len(hits) == 0 {
		return nil
	}
	for i := range hits {
		hits[i].Cost = -1
	}
	if _, err := l.store.Hit(ctx, Hits{App: app.ID, Each: hits}, l.now()); err != nil {
		return hitError(err, app.ID)
	}
	return nil
}

func hitError(err error, app uuid.UUID) error {
	if errors.Is(err, ErrNotFound) {
		return unknownApp("the app was deleted during the request")
	}
	return unavailable(fmt.Errorf("count a limit of app %s: %w", app, err))
}

// hits returns the counts that have a limit, and the hit of the store for each.
func (l *limiter) hits(of limits, counts []count) (limited []count, hits []Hit) {
	for _, c := range counts {
		r, ok := c.rate(of, l.all)
		if !ok {
			continue
		}
		h := Hit{Key: c.key, Limit: r.N, Window: r.Per}
		if c.everywhere {
			h.App = Console
		}
		limited, hits = append(limited, c), append(hits, h)
	}
	return limited, hits
}

func limited(by count, h Hit, wait time.Duration) *Error {
	err := &Error{
		Code: CodeRateLimited, Detail: "too many requests; wait and try again",
		RetryAfter: max(wait, time.Second), exhausted: policy{by.name(), ratetext.Rate{N: h.Limit, Per: h.Window}},
	}
	if by.limit == limitCredentialsDay {
		err.Detail = "too many tries at this address today from unknown devices; a sign-in link, a password reset, and devices that signed in before still work"
	}
	return err
}

package authkit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
)

const (
	paceBurst = 64                    // mails of one app that are due at once
	paceGap   = 20 * time.Millisecond // and between more of them
	paceMost  = 4096                  // apps that are remembered

	// paceLatest is the longest that a mail is put off, whatever else its app queues and
	// wherever the clock was before: the link in it lives for ten minutes.
	paceLatest = 5 * time.Minute
)

// pace spreads the mail of an app that has much of it, so that what others queue later is
// due before: the outbox is sent by due time.
type pace struct {
	mu   sync.Mutex
	free map[uuid.UUID]time.Time // when an app has a whole burst again
}

func newPace() *pace { return &pace{free: map[uuid.UUID]time.Time{}} }

// due is when the next mail of an app is.
func (p *pace) due(app uuid.UUID, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) >= paceMost {
		for id, at := range p.free {
			if !at.After(now) {
				delete(p.free, id)
			}
		}
		if len(p.free) >= paceMost {
			return now // too many at once to be fair between
		}
	}
	free := p.free[app]
	switch latest := now.Add(paceLatest); {
	case free.Before(now):
		free = now
	case free.After(latest):
		free = latest
	}
	p.free[app] = free.Add(paceGap)
	due := free.Add(-paceBurst * paceGap)
	if due.Before(now) {
		return now
	}
	return due
}

// limitMailAll is how much mail one address gets from all apps together, but from those
// that know it to be a user's: nobody can flood it by way of many apps.
var limitMailAll = limit{"mail/all", 10, time.Hour}

// laterError puts a mail off. It is no failure.
type laterError struct{ wait time.Duration }

func (l laterError) Error() string {
	return fmt.Sprintf("the address has had its share: later, in %s", l.wait)
}

// share puts a mail off whose address has had its share. An app's own users with a proven
// address get theirs whatever others send. What was counted is given back for a mail that
// did not leave: else one mail's attempts at a server that is away are the address's share.
func (e *Engine) share(ctx context.Context, app uuid.UUID, to string) (counted []count, err error) {
	canonical, err := address.Parse(to)
	if err != nil {
		return nil, nil //nolint:nilerr // it was one when the mail was queued; the mailer will tell
	}
	account, err := e.account(ctx, app, AccountKey{Email: canonical})
	if err != nil {
		return nil, err
	}
	if account != nil && account.User.Verified {
		return nil, nil
	}
	mine := e.limiter.by(limitMailAll, canonical)
	err = e.hit(ctx, Console, mine)
	if full, ok := errors.AsType[*Error](err); ok && full.Code == CodeRateLimited {
		return nil, laterError{full.RetryAfter}
	}
	mine.Cost = -1
	return []count{mine}, err
}

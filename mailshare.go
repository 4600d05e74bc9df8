package authkit

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
)

// limitMailAll is how much mail one address gets from all apps together, but from those
// that know it to be a user's: nobody can flood it by way of many apps.
var limitMailAll = limit{"mail/all", 10, time.Hour}

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

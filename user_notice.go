package authkit

import (
	"context"
	"errors"
	"time"
)

// noticeTTL is how long the delivery of a notice is tried.
const noticeTTL = 24 * time.Hour

// noticeTo returns the address for a notice to a user. Mail to an unproven address is charged to
// the limit for strangers. Once that limit is exhausted, the result is empty: no notice is sent.
func noticeTo(ctx context.Context, limits *limiter, app App, u User) (string, error) {
	if u.Verified {
		return u.EmailTyped, nil
	}
	err := limits.hit(ctx, app, limits.countFor(limitMailEmail, u.Email))
	switch {
	case errors.Is(err, CodeRateLimited):
		return "", nil
	case err != nil:
		return "", err
	}
	return u.EmailTyped, nil
}

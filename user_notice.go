package authkit

import (
	"context"
	"errors"
	"time"
)

// noticeTTL is how long a notice waits for a mail server that is away.
const noticeTTL = 24 * time.Hour

// noticeTo is where a notice to a user goes. To an address that is not proven it is mail like
// any that a stranger asks for, and counts so: it is empty once the address has had its share.
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

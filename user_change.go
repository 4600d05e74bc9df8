package authkit

import (
	"context"
	"errors"
	"time"
)

// noticeTTL is how long a notice waits for a mail server that is away.
const noticeTTL = 24 * time.Hour

// amend changes a user who does not sign in by it.
func (e *Engine) amend(ctx context.Context, c UserChange) (User, error) {
	u, err := e.store.ChangeUser(ctx, c)
	if err != nil {
		return User{}, stepError(err, c.App)
	}
	return u, nil
}

// noticeTo is where a notice to a user goes. To an address that is not proven it is mail like
// any that a stranger asks for, and counts so: nowhere once the address has had its share.
func (e *Engine) noticeTo(ctx context.Context, app App, u User) (string, error) {
	if u.Verified {
		return u.EmailTyped, nil
	}
	err := e.limits.hit(ctx, app, e.limits.by(limitMailEmail, u.Email))
	switch {
	case errors.Is(err, CodeRateLimited):
		return "", nil
	case err != nil:
		return "", err
	}
	return u.EmailTyped, nil
}

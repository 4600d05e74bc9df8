package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// changeUser applies a change that starts no session. The errors are those of stepError.
func (e *Engine) changeUser(ctx context.Context, c UserChange) (User, error) {
	u, err := e.store.ChangeUser(ctx, c)
	if err != nil {
		return User{}, stepError(err, c.App)
	}
	return u, nil
}

// stepError translates the error of CreateUser and ChangeUser. errAgain: a guard is stale or a
// key belongs to another user, so that the step has to be decided again. [CodeInvalidToken]:
// another request has spent the token of the step.
func stepError(err error, app uuid.UUID) error {
	switch {
	case errors.Is(err, ErrStale), errors.Is(err, ErrConflict):
		return fmt.Errorf("%w: %w", errAgain, err)
	case errors.Is(err, ErrNotFound):
		return invalidToken("the token was spent by another request").with(ReasonSpent)
	}
	return unavailable(fmt.Errorf("change a user of app %s: %w", app, err))
}

package authkit

import "context"

// changeUser applies a change to a user who does not sign in by it, and wakes Run for its mail.
func (e *Engine) changeUser(ctx context.Context, c UserChange) (User, error) {
	u, err := e.store.ChangeUser(ctx, c)
	if err != nil {
		return User{}, stepError(err, c.App)
	}
	return u, nil
}

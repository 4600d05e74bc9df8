package authkit

import "context"

// changeUser applies a change that starts no session. The errors are those of stepError.
func (e *Engine) changeUser(ctx context.Context, c UserChange) (User, error) {
	u, err := e.store.ChangeUser(ctx, c)
	if err != nil {
		return User{}, stepError(err, c.App)
	}
	return u, nil
}

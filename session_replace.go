package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// endByCookie ends the session that a cookie holds, whose place another session takes. A
// session that is not there any more is no error.
func (e *Engine) endByCookie(ctx context.Context, app uuid.UUID, value string) error {
	hash, ok := cookieHash(value)
	if !ok {
		return nil
	}
	s, u, err := e.store.SessionByCookie(ctx, app, hash, e.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return unavailable(fmt.Errorf("read a session by its cookie: %w", err))
	}
	err = e.EndSession(ctx, SessionRef{App: app, User: u.ID, ID: s.ID})
	if errors.Is(err, CodeSessionNotFound) {
		return nil
	}
	return err
}

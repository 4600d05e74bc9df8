package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// endByCookie ends the session of a cookie that another session replaces. A session that has
// ended is no error.
func (e *Engine) endByCookie(ctx context.Context, app uuid.UUID, value string) error {
	s, u, err := e.sessions.byCookie(ctx, app, value)
	switch {
	case errors.Is(err, CodeInvalidToken):
		return nil
	case err != nil:
		return err
	}
	err = e.EndSession(ctx, SessionRef{App: app, User: u.ID, ID: s.ID})
	if errors.Is(err, CodeSessionNotFound) {
		return nil
	}
	return err
}

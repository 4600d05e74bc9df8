package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// sessions reads and changes the sessions of apps.
type sessions struct {
	store SessionStore
	now   func() time.Time
}

func newSessions(store SessionStore, now func() time.Time) *sessions {
	return &sessions{store: store, now: now}
}

// live returns a live session and its user. [CodeInvalidToken]: the app has no such session.
func (s *sessions) live(ctx context.Context, app, id uuid.UUID) (Session, User, error) {
	session, user, err := s.store.Session(ctx, app, id, s.now())
	if err != nil {
		return Session{}, User{}, sessionError(id, err)
	}
	return session, user, nil
}

// sessionError translates the store's error for one session.
func sessionError(id uuid.UUID, err error) error {
	if errors.Is(err, ErrNotFound) {
		return invalidToken("the session has ended")
	}
	return unavailable(fmt.Errorf("read session %s: %w", id, err))
}

// liveOf is live for a session of that user: another user's is [CodeInvalidToken], too.
func (s *sessions) liveOf(ctx context.Context, ref SessionRef) (Session, User, error) {
	session, user, err := s.live(ctx, ref.App, ref.ID)
	switch {
	case err != nil:
		return Session{}, User{}, err
	case user.ID != ref.User:
		return Session{}, User{}, invalidToken("the session is another user's")
	}
	return session, user, nil
}

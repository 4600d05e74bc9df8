package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
)

// account reads an account. It returns nil and no error if the app has no such account.
// [CodeUnavailable].
func (e *Engine) account(ctx context.Context, app uuid.UUID, by AccountKey) (*Account, error) {
	account, err := e.store.Account(ctx, app, by)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, unavailable(fmt.Errorf("read an account of app %s: %w", app, err))
	}
	return &account, nil
}

// accountOf reads the account of a user. [CodeUserNotFound]; [CodeUnavailable].
func (e *Engine) accountOf(ctx context.Context, ref UserRef) (*Account, error) {
	account, err := e.account(ctx, ref.App, AccountKey{ID: ref.ID})
	if err == nil && account == nil {
		return nil, noUser()
	}
	return account, err
}

func noUser() *Error { return refuse(CodeUserNotFound, "the app has no such user") }

// newUser completes the record of a user who is created now: it sets the id, the name's key and the
// time. The store sets the rest.
func newUser(u User, now time.Time) User {
	u.ID, u.NameKey, u.CreatedAt = newID(now), naming.Fold(u.Name), now
	return u
}

// createForHost creates a user at the word of the host, without a session, a hook or a limit. It
// completes the credentials with the user. keep may add to the riders of the step. [CodeEmailTaken]; [CodeExternalIDTaken]; the other errors
// are those of storeError.
func (e *Engine) createForHost(ctx context.Context, u User, keep func(*Riders, User), credentials ...Credential) (User, error) {
	now := e.now()
	u = newUser(u, now)
	for i := range credentials {
		credentials[i] = owned(credentials[i], u, now)
	}
	step := NewUser{Now: now, User: u, Credentials: credentials}
	step.Riders.note(now, Event{App: u.App, UserID: u.ID, Type: EventUserCreate, Actor: "host"})
	u.Version, u.Epoch = 1, 1 // as the store sets them
	keep(&step.Riders, u)
	u, err := e.store.CreateUser(ctx, step)
	if errors.Is(err, ErrConflict) {
		return User{}, userTaken(ctx, e, step.User.App, step.User)
	}
	return u, storeError(err, step.User.App)
}

func emailTaken() *Error {
	return refuse(CodeEmailTaken, "this app already has a user with that address")
}

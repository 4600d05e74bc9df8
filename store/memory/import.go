package memory

import (
	"context"
	"errors"

	"github.com/authkit-dev/authkit"
)

// CreateUsers implements [authkit.ImportStore].
func (s *Store) CreateUsers(ctx context.Context, b authkit.UserBatch) ([]authkit.Taken, error) {
	var taken []authkit.Taken
	err := s.in(ctx, b.App, func(t *tenant) error {
		riders := t.own(b.Riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		taken = make([]authkit.Taken, len(b.Users))
		for i, a := range b.Users {
			a.User.App = b.App
			if taken[i] = t.taken(a); taken[i] == authkit.TakenNothing {
				t.addUser(authkit.NewUser{User: a.User, Credentials: a.Credentials})
			}
		}
		t.write(riders)
		return nil
	})
	return taken, err
}

// taken is the first key of a new user that another has.
func (t *tenant) taken(a authkit.Account) authkit.Taken {
	u := a.User
	if _, ok := t.users[u.ID]; ok {
		return authkit.TakenID
	}
	if _, ok := t.emails[u.Email]; ok {
		return authkit.TakenEmail
	}
	if _, ok := t.external[u.ExternalID]; ok {
		return authkit.TakenExternalID
	}
	if _, err := t.checkNew(authkit.NewUser{User: u, Credentials: a.Credentials}); errors.Is(err, authkit.ErrConflict) {
		return authkit.TakenSubject
	}
	return authkit.TakenNothing
}

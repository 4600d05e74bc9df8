package storetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// neighbourSentences are about steps that run at the same time. A store may commit them together.
func neighbourSentences() []sentence {
	return []sentence{
		{"race: a step that fails writes nothing, and those beside it are written wholly", neighboursOfFailure},
		{"race: a caller that leaves does no harm to the steps beside its own", neighboursOfLeaver},
		{"race: a read that begins after a step was answered sees the step", neighboursRead},
	}
}

// neighboursOfFailure mixes steps that succeed with some that fail at their first guard or after
// they have written.
func neighboursOfFailure(b *bed) {
	for range 5 {
		x := b.newThings()
		app, taken := b.furnish(x), uuid.NewString()
		types := make([]string, 24)
		done := make([]bool, len(types))
		for i := range types {
			types[i] = uuid.NewString()
		}
		b.race(len(types), func(s authkit.Store, n int) (err error) {
			c := caller{b.ctx, s, app, x, authkit.Riders{Events: []authkit.Event{{ID: uuid.New(), Time: now(), Type: types[n]}}}}
			switch n / 2 % 4 {
			case 0:
				err = c.create(taken, nil)
			case 1:
				err = c.change(x.user, func(change *authkit.UserChange) { change.Version = 99 })
			case 2:
				tk := take("unknown")
				err = c.create(types[n], &tk)
			default:
				err = c.create(types[n], nil)
			}
			done[n] = err == nil
			return err
		}, authkit.ErrConflict, authkit.ErrStale, authkit.ErrNotFound)
		written := b.types(app)
		winners := 0
		for n, kind := range types {
			if slices.Contains(written, kind) != done[n] {
				b.Errorf("step %d: got its rider written: %v, want %v", n, !done[n], done[n])
			}
			if done[n] {
				winners++
			}
		}
		equal(b, winners, 1+len(types)/4)
	}
}

// types are those of the app's events.
func (b *bed) types(app uuid.UUID) (types []string) {
	b.Helper()
	events, err := b.s.Events(b.ctx, app, authkit.EventQuery{Page: authkit.Page{Limit: 1000}})
	b.ok(err)
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

func neighboursOfLeaver(b *bed) {
	for range 5 {
		users := make([]authkit.User, 16)
		for i := range users {
			users[i] = b.aUser(uuid.NewString())
		}
		done := make([]bool, len(users))
		var leaving sync.WaitGroup
		b.race(len(users), func(s authkit.Store, n int) error {
			ctx, cancel := context.WithCancel(b.ctx)
			defer cancel()
			leaves := n%4 < 2
			if leaves {
				leaving.Go(cancel)
			}
			_, err := s.CreateUser(ctx, authkit.NewUser{
				Now: now(), User: users[n], Credentials: []authkit.Credential{password(users[n], "x")},
				Session: session(users[n], users[n].Email), Riders: b.riders(users[n].Email),
			})
			done[n] = err == nil
			if leaves && ctx.Err() != nil {
				return nil // done or not, as wholly checks
			}
			return err
		})
		leaving.Wait()
		for i, u := range users {
			b.wholly(u, done[i])
		}
	}
}

func neighboursRead(b *bed) {
	for round := range 5 {
		equal(b, b.race(16, func(s authkit.Store, n int) error {
			u := b.aUser(strconv.Itoa(round*16 + n))
			if _, err := s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u}); err != nil {
				return err
			}
			_, here := s.Account(b.ctx, b.app, authkit.AccountKey{ID: u.ID})
			_, there := b.other().Account(b.ctx, b.app, authkit.AccountKey{Email: u.Email})
			return errors.Join(here, there)
		}), 16)
	}
}

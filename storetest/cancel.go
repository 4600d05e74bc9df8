package storetest

import (
	"context"
	"sync"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func cancelSentences() []sentence {
	return []sentence{
		{"cancel: with a context that is over every method answers an error and writes nothing", cancelBefore},
		{"cancel: a step whose context ends while it runs is written wholly or not at all", cancelWithin},
	}
}

// over are contexts that have ended, each in its way.
func over(parent context.Context) map[string]context.Context {
	cancelled, cancel := context.WithCancel(parent)
	cancel()
	late, cancel := context.WithDeadline(parent, now().AddDate(-100, 0, 0))
	cancel()
	return map[string]context.Context{"cancelled": cancelled, "late": late}
}

func cancelBefore(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was, fresh := b.holding(app, "t"), uuid.New()
	for how, ctx := range over(b.ctx) {
		for _, c := range allCalls() {
			if err := c.do(caller{ctx, b.s, app, x, b.riders(uuid.NewString())}); err == nil {
				b.Errorf("%s with a context that is %s: got no error, want one", c.name(), how)
			}
		}
		for _, c := range plainCalls() {
			if err := c.do(caller{ctx, b.s, fresh, x, b.riders(uuid.NewString())}); err == nil {
				b.Errorf("%s with a context that is %s: got no error, want one", c.name(), how)
			}
		}
	}
	_, err := b.s.App(b.ctx, fresh)
	b.is(err, authkit.ErrNotFound)
	b.same(b.holding(app, "t"), was)
	b.unused(app)
}

// cancelWithin ends the context of some steps as soon as one of them is done, wherever
// the others are then.
func cancelWithin(b *bed) {
	for range 5 {
		ctx, cancel := context.WithCancel(b.ctx)
		defer cancel()
		users := make([]authkit.User, 12)
		done := make([]bool, len(users))
		var wg sync.WaitGroup
		for i := range users {
			users[i] = b.aUser(uuid.NewString())
			s := b.s
			if i%2 == 1 {
				s = b.other()
			}
			wg.Go(func() {
				_, err := s.CreateUser(ctx, authkit.NewUser{
					Now: now(), User: users[i], Credentials: []authkit.Credential{password(users[i], "x")},
					Session: session(users[i], users[i].Email), Also: b.riders(users[i].Email),
				})
				done[i] = err == nil
				cancel()
			})
		}
		wg.Wait()
		for i, u := range users {
			_, err := b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: u.ID})
			if done[i] {
				b.ok(err)
			}
			b.wholly(u, err == nil)
		}
	}
	b.newUser("after@example.com")
}

// wholly fails unless all that came with the user is there, or nothing.
func (b *bed) wholly(u authkit.User, there bool) {
	b.Helper()
	live, err := b.s.Sessions(b.ctx, b.app, u.ID, now())
	b.ok(err)
	equal(b, len(live) == 1, there)
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{Kind: "password", Subject: u.ID.String()})
	equal(b, err == nil, there)
	_, err = b.s.Token(b.ctx, b.app, take(u.Email), now())
	equal(b, err == nil, there)
	events, err := b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 10}, Type: u.Email})
	b.ok(err)
	equal(b, len(events) == 1, there)
}

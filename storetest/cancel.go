package storetest

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func cancelSentences() []sentence {
	return []sentence{
		{"cancel: with a context that has ended, every method returns an error and writes nothing", cancelBefore},
		{"cancel: a step whose context ends while it runs is written wholly or not at all", cancelWithin},
	}
}

// over returns contexts that have ended, each in a different way.
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

// cancelWithin ends the context of several steps as soon as one of them is done, at whatever point
// the others are.
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
					Session: session(users[i], users[i].Email), Riders: b.riders(users[i].Email),
				})
				done[i] = err == nil
				cancel()
			})
		}
		wg.Wait()
		for i, u := range users {
			b.wholly(u, done[i])
		}
	}
	b.newUser("after@example.com")
}

// wholly fails unless the user and all that was written with it are there, or no part is. A
// database may still run a step whose caller has gone. So a part that is found only means that
// the user must be found afterwards, and a user that is found means that every part must be.
// done says that the step was answered without error.
func (b *bed) wholly(u authkit.User, done bool) {
	b.Helper()
	before := b.there(authkit.AccountKey{ID: u.ID})
	equal(b, before || !done, true)
	live, err := b.s.Sessions(b.ctx, b.app, u.ID, now())
	b.ok(err)
	_, _, missing := b.s.Token(b.ctx, b.app, take(u.Email), now())
	events, err := b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 10}, Type: u.Email})
	b.ok(err)
	parts := []bool{len(live) == 1, b.there(authkit.AccountKey{Kind: "password", Subject: u.ID.String()}), missing == nil, len(events) == 1}
	after := b.there(authkit.AccountKey{ID: u.ID})
	if before && slices.Contains(parts, false) || slices.Contains(parts, true) && !after {
		b.Fatalf("got session, credential, token and event: %v, with a user there before: %v, and after: %v", parts, before, after)
	}
}

// there reports whether an account is found.
func (b *bed) there(by authkit.AccountKey) bool {
	b.Helper()
	_, err := b.s.Account(b.ctx, b.app, by)
	if err != nil {
		b.is(err, authkit.ErrNotFound)
	}
	return err == nil
}
